//! The probe's program: static, and the same from whichever folder it is built.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo::{cargo, same_anywhere};
use crate::progress::Progress;
use crate::{command, workspace};

const PACKAGE: &str = "kubectl-pods-probe";

/// Builds the program, or finds that nothing changed, and returns its content.
///
/// # Errors
///
/// When cargo fails, with the end of what it said.
pub(crate) fn build() -> Result<Vec<u8>> {
    let progress = Progress::start("building the probe");
    let mut cargo = cargo();
    cargo.args(["build", "--package", PACKAGE, "--bin", PACKAGE]);
    // With a target named, flags are the program's alone and not those of build scripts.
    cargo.args(["--profile", "probe", "--target", &host_triple()?]);
    cargo.arg("--message-format=json-render-diagnostics");
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags()?).env_remove("RUSTFLAGS");
    let messages = command::follow(&mut cargo, &workspace::build_log("probe")?, |line| {
        if let Some(package) = line.trim_start().strip_prefix("Compiling ") {
            progress.update(format!("compiling {package}"));
        }
    })
    .context("cannot build the probe")?;
    progress.done();
    let program = executable(&messages).context("cargo names no executable for the probe")?;
    fs::read(&program).with_context(|| format!("cannot read {}", program.display()))
}

/// Static linking, and no names of this machine. Cargo separates flags by the unit separator, since paths may have blanks.
fn flags() -> Result<OsString> {
    let mut flags = vec![OsString::from("-Ctarget-feature=+crt-static")];
    flags.extend(same_anywhere()?);
    Ok(flags.join(OsStr::new("\x1f")))
}

fn host_triple() -> Result<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let text = command::output(Command::new(rustc).arg("-vV"))?;
    let triple = text.lines().find_map(|line| line.strip_prefix("host: "));
    triple.map(str::to_owned).context("rustc does not name its host")
}

/// The executable in cargo's messages, one JSON object a line.
fn executable(messages: &str) -> Option<PathBuf> {
    let messages =
        messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut executables =
        messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    executables.find(|path| path.file_name() == Path::new(PACKAGE).file_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executable_among_messages() {
        let messages = r#"{"reason":"compiler-artifact","executable":null}
{"reason":"compiler-artifact","executable":"/target/probe/kubectl-pods-probe"}
{"reason":"build-finished","success":true}"#;
        let expected = PathBuf::from("/target/probe/kubectl-pods-probe");
        assert_eq!(executable(messages), Some(expected));
        assert_eq!(executable("not json"), None);
    }
}
