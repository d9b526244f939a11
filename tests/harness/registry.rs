//! A registry that wants a name and a password: Debian's docker-registry, on this machine or on a node.

use std::{
    fs,
    net::TcpListener,
    process::{Child, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use super::{Cluster, Command, wait_until};

/// `tester` with the password `secret`, as htpasswd writes it with bcrypt.
const USERS: &str = "tester:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n";

/// A registry that ends with its test.
pub struct Registry {
    /// `127.0.0.1:PORT`.
    pub address: String,
    netns: Option<String>,
    process: Child,
    folder: TempDir,
}

/// Where it listens on a node: there nobody else does.
const NODE_PORT: u16 = 5999;

impl Registry {
    /// Starts one and waits until it answers.
    pub fn start() -> Self {
        // Free a moment ago: nothing else listens where the system gives out ports.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        Self::listening(free.expect("a port").port(), None)
    }

    /// The same on the loopback of a node, where its kubelet takes it without TLS. Others than the node reach it by
    /// [`Registry::from_there`].
    pub fn on_node(cluster: &Cluster, node: &str) -> Self {
        Self::listening(NODE_PORT, Some(cluster.netns(node)))
    }

    fn listening(port: u16, netns: Option<String>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let address = format!("127.0.0.1:{port}");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("users"), USERS).expect("a file");
        let config = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: '{address}'}}\n\
             auth: {{htpasswd: {{realm: tests, path: {}}}}}\n",
            path("data").display(),
            path("users").display(),
        );
        fs::write(path("config.yml"), config).expect("a file");
        let config = path("config.yml").display().to_string();
        let mut command = within(netns.as_deref(), "docker-registry", ["serve", &config]).std();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("docker-registry, which cargo xtask test installs");
        let registry = Self { address, netns, process, folder };
        let url = format!("http://{}/v2/", registry.address);
        wait_until("the registry", Duration::from_secs(30), || {
            registry.from_there("curl", ["--silent", &url]).run().code == 0
        });
        registry
    }

    /// A program that is to run where the registry listens.
    pub fn from_there<'a>(
        &self,
        program: &str,
        words: impl IntoIterator<Item = &'a str>,
    ) -> Command {
        within(self.netns.as_deref(), program, words)
    }

    /// A folder with what `docker login` leaves behind, for `DOCKER_CONFIG`.
    pub fn login(&self) -> String {
        // tester:secret
        let config =
            format!(r#"{{"auths": {{"{}": {{"auth": "dGVzdGVyOnNlY3JldA=="}}}}}}"#, self.address);
        fs::write(self.folder.path().join("config.json"), config).expect("a file");
        self.folder.path().display().to_string()
    }
}

fn within<'a>(
    netns: Option<&str>,
    program: &str,
    words: impl IntoIterator<Item = &'a str>,
) -> Command {
    let command = match netns {
        Some(netns) => Command::new("ip").args(["netns", "exec", netns, program]),
        None => Command::new(program),
    };
    command.args(words)
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
