//! The probe's program: static, and the same from whichever folder it is built.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use oci::Architecture;

use crate::cargo::{cargo, same_anywhere};
use crate::debian_rust::DebianRust;
use crate::progress::Progress;
use crate::{command, host, workspace};

const PACKAGE: &str = "kubectl-pods-probe";

/// Builds the program for `architecture`, or finds that nothing changed, and returns its content.
///
/// # Errors
///
/// When cargo fails, with the end of what it said.
pub(crate) fn build(architecture: Architecture) -> Result<Vec<u8>> {
    let progress = Progress::start(format!("building the probe for {architecture}"));
    let mut cargo = cargo();
    cargo.args(["build", "--package", PACKAGE, "--bin", PACKAGE]);
    // With a target named, flags are the program's alone and not those of build scripts.
    cargo.args(["--profile", "probe", "--target", triple(architecture)]);
    if !is_native(architecture) {
        cargo.envs(cross(architecture)?);
    }
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

fn triple(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::Amd64 => "x86_64-unknown-linux-gnu",
        Architecture::Arm64 => "aarch64-unknown-linux-gnu",
    }
}

fn is_native(architecture: Architecture) -> bool {
    architecture.machine() == env::consts::ARCH
}

/// What makes cargo build for another architecture: a compiler with its standard library, rustup's or Debian's, and a
/// linker.
fn cross(architecture: Architecture) -> Result<Vec<(&'static str, OsString)>> {
    let triple = triple(architecture);
    ensure!(
        architecture == Architecture::Arm64,
        "{triple} is built on {} only",
        architecture.machine()
    );
    host::require(&[host::ARM64])?;
    let linker = ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc".into());
    let folder = ["--print", "target-libdir", "--target", triple];
    let folder = command::output(Command::new("rustc").args(folder));
    if folder.is_ok_and(|folder| Path::new(&folder).is_dir()) {
        return Ok(vec![linker]);
    }
    Ok(vec![linker, ("RUSTC", DebianRust::ARM64.install()?.into())])
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
