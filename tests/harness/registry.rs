//! A registry on this machine that wants a name and a password: Debian's docker-registry.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use super::wait_until;

/// `tester` with the password `secret`, as htpasswd writes it with bcrypt.
const USERS: &str = "tester:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n";

/// A registry that ends with its test.
pub struct Registry {
    /// `127.0.0.1:PORT`.
    pub address: String,
    process: Child,
    folder: TempDir,
}

impl Registry {
    /// Starts one and waits until it answers.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Free a moment ago: nothing else listens where the system gives out ports.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.expect("a port").to_string();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("users"), USERS).expect("a file");
        let config = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: '{address}'}}\n\
             auth: {{htpasswd: {{realm: tests, path: {}}}}}\n",
            path("data").display(),
            path("users").display(),
        );
        fs::write(path("config.yml"), config).expect("a file");
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(path("config.yml"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("docker-registry, which cargo xtask test installs");
        wait_until("the registry", Duration::from_secs(30), || {
            TcpStream::connect(&address).is_ok()
        });
        Self { address, process, folder }
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

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
