//! Shows commands as a person would type them, and runs them.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};

use crate::interrupt::Scratch;

/// Where the demo runs commands: a PATH with kubectl and the plugin, and a kubeconfig.
pub(super) struct Stage {
    plugin_folder: PathBuf,
    path: String,
    kubeconfig: Option<PathBuf>,
    namespace: Option<String>,
    files: Scratch,
}

impl Stage {
    /// A stage that knows only the plugin: no cluster yet.
    ///
    /// # Errors
    ///
    /// When no temporary folder can be made, or we cannot listen for signals.
    pub(super) fn without_cluster(plugin: &Path) -> anyhow::Result<Self> {
        let plugin_folder = plugin.parent().unwrap_or(Path::new(".")).to_path_buf();
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", plugin_folder.display());
        let files = Scratch::new()?;
        Ok(Self { plugin_folder, path, kubeconfig: None, namespace: None, files })
    }

    /// The same with a cluster, its kubectl, and the namespace that everything happens in.
    pub(super) fn with_cluster(self, bin: &Path, kubeconfig: &Path, namespace: &str) -> Self {
        Self {
            path: format!("{}:{}", bin.display(), self.path),
            plugin_folder: self.plugin_folder,
            kubeconfig: Some(kubeconfig.to_path_buf()),
            namespace: Some(namespace.to_owned()),
            files: self.files,
        }
    }

    /// One line of explanation.
    pub(super) fn say(text: &str) {
        println!("\n# {text}");
    }

    /// Prints a command line, runs it, and fails unless it ends with `code`.
    pub(super) fn expect(&self, code: i32, line: &str) -> anyhow::Result<()> {
        println!("\n$ {line}");
        let mut command = self.command(line);
        let status = command
            .stdin(Stdio::null())
            .status()
            .with_context(|| format!("cannot start `{line}`"))?;
        if status.code() != Some(code) {
            bail!("`{line}` ended with {status}, expected exit code {code}");
        }
        if code != 0 {
            println!("# exit code {code}, as it should be");
        }
        Ok(())
    }

    /// Prints a command line, runs it, and fails unless it succeeds.
    pub(super) fn show(&self, line: &str) -> anyhow::Result<()> {
        self.expect(0, line)
    }

    /// Prints a command line, runs it, and fails unless it succeeds with nothing on standard output.
    pub(super) fn show_nothing(&self, line: &str) -> anyhow::Result<()> {
        println!("\n$ {line}");
        let printed = self.ask(line)?;
        if !printed.is_empty() {
            bail!("`{line}` printed, and there should be nothing:\n{printed}");
        }
        println!("# nothing, as it should be");
        Ok(())
    }

    /// Runs a command line silently and gives its standard output.
    pub(super) fn ask(&self, line: &str) -> anyhow::Result<String> {
        let output = self.command(line).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            bail!("`{line}` failed: {}", String::from_utf8_lossy(&output.stderr).trim_end());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The command behind a line.
    fn command(&self, line: &str) -> Command {
        // A pipe fails with any of its parts.
        let mut command = Command::new("bash");
        command
            .args(["-o", "pipefail", "-c", line])
            .env("PATH", &self.path)
            .env("DEMO", self.folder());
        if let Some(kubeconfig) = &self.kubeconfig {
            command.env("KUBECONFIG", kubeconfig);
        }
        command
    }

    /// A folder for files between lines: `$DEMO`.
    pub(super) fn folder(&self) -> &Path {
        self.files.path()
    }

    /// Where the plugin is.
    pub(super) fn plugin_folder(&self) -> &Path {
        &self.plugin_folder
    }

    /// The namespace that everything happens in.
    pub(super) fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or("default")
    }
}
