//! One `go.mod` under `tests/cluster`: its `tool` lines say what to build, nearly all of it from other modules.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::progress::Progress;
use crate::{cache, command, host, workspace};

/// Where Go has the source of Kubernetes.
///
/// # Errors
///
/// When there is no Go, or it cannot fetch it.
pub(crate) fn kubernetes_source() -> Result<PathBuf> {
    host::require_go()?;
    GoModule::find(KUBERNETES)?.source_of("k8s.io/kubernetes")
}

/// The module of Kubernetes.
pub(crate) const KUBERNETES: &str = "kubernetes";

/// A Go module whose tools we build.
#[derive(Debug, Clone)]
pub(crate) struct GoModule {
    name: &'static str,
    folder: PathBuf,
    go_mod: String,
    /// Further arguments of `go build`.
    arguments: Vec<String>,
}

impl GoModule {
    /// The module in `tests/cluster/NAME`.
    pub(crate) fn find(name: &'static str) -> Result<Self> {
        let folder = workspace::root().join("tests/cluster").join(name);
        let path = folder.join("go.mod");
        let go_mod =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let module = Self { name, folder, go_mod, arguments: Vec::new() };
        Ok(module.linker_flags("-s -w"))
    }

    /// With these flags for the linker instead.
    pub(crate) fn linker_flags(mut self, flags: impl Into<String>) -> Self {
        self.arguments.retain(|argument| !argument.starts_with("-ldflags="));
        self.arguments.push(format!("-ldflags={}", flags.into()));
        self
    }

    /// With one more argument of `go build`.
    pub(crate) fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// The version of `module` that `go.mod` requires.
    pub(crate) fn required_version(&self, module: &str) -> Result<&str> {
        required_version(&self.go_mod, module)
            .with_context(|| format!("tests/cluster/{}/go.mod requires no {module}", self.name))
    }

    /// The text of `go.mod`.
    pub(crate) fn text(&self) -> &str {
        &self.go_mod
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where Go has the source of one of its dependencies, fetched now if need be.
    pub(crate) fn source_of(&self, dependency: &str) -> Result<PathBuf> {
        let arguments = ["mod", "download", "-json", dependency];
        let text = command::output(self.go().args(arguments))?;
        let found: serde_json::Value = serde_json::from_str(&text)?;
        let folder = found["Dir"].as_str();
        folder.map(PathBuf::from).with_context(|| format!("go has no source of {dependency}"))
    }

    /// The module's folder in the cache, filled by `make` when its inputs are new: `go.mod`, `go.sum`, the module's own
    /// Go code, arguments, the version of Go, and `recipe`, which stands for what else `make` does.
    pub(crate) fn build(
        &self,
        title: &str,
        recipe: &str,
        make: impl FnOnce(&Self, &Path) -> Result<()>,
    ) -> Result<PathBuf> {
        let go_sum = fs::read(self.folder.join("go.sum")).context("cannot read go.sum")?;
        let version = command::output(self.go().arg("version"))?;
        let arguments = self.arguments.join("\n");
        let own = self.own_code()?;
        let inputs = [
            ("go.mod", self.go_mod.as_bytes()),
            ("go.sum", &go_sum),
            ("arguments", arguments.as_bytes()),
            ("go version", version.as_bytes()),
            ("recipe", recipe.as_bytes()),
        ];
        let own = own.iter().map(|(path, code)| (path.as_str(), code.as_bytes()));
        let fingerprint = oci::fingerprint(inputs.into_iter().chain(own));
        cache::folder("cluster", self.name, &fingerprint, |folder| {
            make(self, folder).with_context(|| format!("cannot build {title}"))
        })
    }

    /// The paths and texts of the module's own Go files.
    fn own_code(&self) -> Result<Vec<(String, String)>> {
        let paths = workspace::files(&format!("tests/cluster/{}", self.name), "go")?;
        let read = |path: String| {
            let text = fs::read_to_string(workspace::root().join(&path));
            text.with_context(|| format!("cannot read {path}")).map(|text| (path, text))
        };
        paths.into_iter().map(read).collect()
    }

    /// Builds the tools into `folder`, with a count of compiled packages for those who wait.
    pub(crate) fn compile_tools(&self, folder: &Path) -> Result<()> {
        let progress = Progress::start(format!("building {}", self.name));
        progress.update("listing packages");
        let all = self.packages()?;
        progress.update("compiling and linking");
        let mut build = self.go();
        build.args(["build", "-v", "-trimpath", "-buildvcs=false"]).args(&self.arguments);
        build.arg("-o").arg(folder).arg("tool");
        let mut compiled = 0;
        command::follow(&mut build, &workspace::build_log(self.name)?, |line| {
            if all.contains(line) {
                compiled += 1;
                progress.update(format!("compiled {compiled} of at most {} packages", all.len()));
            } else if let Some(what) = line.strip_prefix("go: downloading ") {
                progress.update(format!("downloading {what}"));
            }
        })?;
        progress.done();
        Ok(())
    }

    /// Every package the tools consist of; those in Go's own cache need no compiling.
    fn packages(&self) -> Result<HashSet<String>> {
        let mut list = self.go();
        list.args(["list", "-deps"]).args(
            self.arguments
                .iter()
                .filter(|argument| ["-mod", "-tags"].iter().any(|flag| argument.starts_with(flag))),
        );
        let text = command::output(list.arg("tool"))?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    fn go(&self) -> Command {
        let mut command = Command::new("go");
        // Whatever the user set for work of their own would change what comes out here.
        command.env("CGO_ENABLED", "0").env("GOFLAGS", "").env("GOWORK", "off");
        command.env("GOOS", "linux").env("GOARCH", "amd64");
        command.current_dir(&self.folder);
        command
    }
}

fn required_version<'a>(go_mod: &'a str, module: &str) -> Option<&'a str> {
    go_mod.lines().find_map(|line| {
        let line = line.trim().trim_start_matches("require ");
        line.strip_prefix(module)?.strip_prefix(' ')?.split_whitespace().next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_in_go_mod() {
        let go_mod = "tool example.test/a/cmd\nrequire (\n\texample.test/a/b v1.0.0\n\texample.test/a v2.3.4 // indirect\n)\n";
        assert_eq!(required_version(go_mod, "example.test/a"), Some("v2.3.4"));
        assert_eq!(required_version(go_mod, "example.test/none"), None);
        assert_eq!(required_version("require x.test/y v1.2.3\n", "x.test/y"), Some("v1.2.3"));
    }
}
