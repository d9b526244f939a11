//! The cargo that runs us, and what it builds.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::{command, workspace};

/// The cargo that runs us, in this checkout.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Build scripts that look at it would run again, and all above them be compiled, whenever it is not as before.
    command.env_remove("CARGO_MANIFEST_DIR").current_dir(workspace::root());
    command
}

/// Flags for rustc that put names in place of folders of this machine, which would end up in panic messages: what is
/// built is the same wherever it is built.
///
/// # Errors
///
/// When neither `CARGO_HOME` nor `HOME` is set.
pub(crate) fn same_anywhere() -> Result<Vec<OsString>> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let home = home.context("neither CARGO_HOME nor HOME is set")?;
    let remap = |from: &Path, to: &str| {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(from);
        flag.push(format!("={to}"));
        flag
    };
    // This checkout has no need of it: cargo names our own sources by their path in it. Flags that name a folder which differs
    // would compile every dependency once more.
    let mut flags = vec![remap(&home, "cargo")];
    // The folder of a registry is named after its host, which differs where a mirror is used. The last match counts.
    let registries = fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten();
    flags.extend(registries.map(|registry| remap(&registry.path(), "registry")));
    Ok(flags)
}

/// `cargo VERB` for the whole workspace, with the features that its tests ask for too.
///
/// Every build but the release goes through here: cargo gives a dependency the features of all packages that are selected,
/// and those of development dependencies when tests or examples are, so another selection compiles Cranelift and whatever
/// stands on it once more. There are no examples; naming them is what asks for these features where no test is built.
pub(crate) fn workspace_wide(verb: &str) -> Command {
    let mut command = cargo();
    command.args([verb, "--workspace", "--examples"]);
    command
}

/// What to build of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The plugin.
    Plugin,
    /// The plugin, and the tests that run it.
    Integration,
    /// Every program and every test.
    All,
}

/// A program with tests in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TestProgram {
    /// The folder of its package, which is where cargo would run it.
    pub(crate) folder: PathBuf,
    /// The name of what is tested: of a library, a program or a file of tests.
    pub(crate) target: String,
    pub(crate) path: PathBuf,
}

impl TestProgram {
    /// It, as `cargo test` would run it.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.current_dir(&self.folder).env("CARGO_MANIFEST_DIR", &self.folder);
        command
    }
}

/// Programs as one build left them.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Built {
    programs: Vec<PathBuf>,
    pub(crate) tests: Vec<TestProgram>,
}

impl Built {
    /// The plugin.
    ///
    /// # Errors
    ///
    /// When it was not built.
    pub(crate) fn plugin(&self) -> Result<&Path> {
        let mut programs = self.programs.iter();
        let plugin = programs.find(|path| path.ends_with(PLUGIN));
        plugin.map(PathBuf::as_path).context("cargo built no kubectl-pods")
    }

    /// From cargo's messages, one JSON object a line.
    fn from_messages(messages: &str) -> Self {
        let mut built = Self::default();
        for line in messages.lines() {
            // What build scripts print stands between the messages.
            let Ok(message) = serde_json::from_str::<Message>(line) else { continue };
            let Some(path) = message.executable else { continue };
            if message.profile.test {
                let folder = message.manifest_path.parent().unwrap_or(Path::new("/")).to_path_buf();
                built.tests.push(TestProgram { folder, target: message.target.name, path });
            } else {
                built.programs.push(path);
            }
        }
        built
    }
}

/// What we read of a message about something that was built.
#[derive(Debug, Deserialize)]
struct Message {
    manifest_path: PathBuf,
    target: Target,
    profile: Profile,
    executable: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Profile {
    test: bool,
}

/// The plugin's package and program.
const PLUGIN: &str = "kubectl-pods";

/// The tests in `tests/` that run the plugin.
pub(crate) const INTEGRATION: &str = "integration";

/// Our own.
const XTASK: &str = "xtask";

/// Builds the plugin as it is released: alone, as `cargo install` does. It shares nothing with the other builds, and what
/// only they ask for would be linked into it, the probe's server for one.
///
/// # Errors
///
/// When it does not compile.
pub(crate) fn release() -> Result<Built> {
    let mut command = cargo();
    command.args(["build", "--release", "--package", PLUGIN, "--bin", PLUGIN]);
    Ok(Built::from_messages(&messages(&mut command)?))
}

/// Builds a part of the workspace; cargo's progress goes to our standard error.
///
/// # Errors
///
/// When something does not compile.
pub(crate) fn build(part: Part) -> Result<Built> {
    let mut command = workspace_wide("build");
    // With other features than ours, it would replace the program that runs just now.
    command.args(["--exclude", XTASK]);
    command.args(match part {
        Part::Plugin => &["--bin", PLUGIN][..],
        Part::Integration => &["--bin", PLUGIN, "--test", INTEGRATION],
        Part::All => &["--all-targets"],
    });
    let mut messages = messages(&mut command)?;
    if part == Part::All {
        messages += &self::messages(cargo().args(["build", "--package", XTASK, "--all-targets"]))?;
    }
    Ok(Built::from_messages(&messages))
}

/// What a build says, for programs to read.
fn messages(build: &mut Command) -> Result<String> {
    command::watched_output(build.args(["--message-format", "json-render-diagnostics"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_tests_among_messages() -> Result<()> {
        let messages = r#"{"reason":"compiler-artifact","manifest_path":"/w/plugin/Cargo.toml","target":{"name":"kubectl_pods"},"profile":{"test":false},"executable":null}
a build script's own words
{"reason":"compiler-artifact","manifest_path":"/w/plugin/Cargo.toml","target":{"name":"kubectl-pods"},"profile":{"test":false},"executable":"/t/debug/kubectl-pods"}
{"reason":"compiler-artifact","manifest_path":"/w/tests/Cargo.toml","target":{"name":"integration"},"profile":{"test":true},"executable":"/t/debug/deps/integration-1"}
{"reason":"build-finished","success":true}"#;
        let built = Built::from_messages(messages);
        assert_eq!(built.plugin()?, Path::new("/t/debug/kubectl-pods"));
        let test = TestProgram {
            folder: "/w/tests".into(),
            target: "integration".to_owned(),
            path: "/t/debug/deps/integration-1".into(),
        };
        assert_eq!(built.tests, [test]);
        assert!(Built::from_messages("").plugin().is_err());
        Ok(())
    }
}
