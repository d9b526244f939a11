//! The probe's image into a cluster on this machine.

use std::{
    ffi::{OsStr, OsString},
    io::{ErrorKind, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};
use cluster::{ConnectionOptions, SelectedContext};

use super::{carried, runtime::Runtime};
use crate::{
    cli::LoadArgs,
    output::{self, Stdout},
};

/// What to do where nothing is found.
const NOTHING_FOUND: &str = "\
found neither a kind, k3d or minikube cluster in the context nor a containerd on this machine: \
kubectl pods image save FILE writes what each node's runtime loads, kubectl pods image push REGISTRY/NAME brings it to \
where the nodes pull from, and with --carrier IMAGE no image of ours is needed";

/// Finds where, and has it loaded there.
///
/// # Errors
///
/// When we carry no probe, there is nowhere to load it, or what loads it fails.
pub(super) fn run(connection: &ConnectionOptions, args: &LoadArgs) -> anyhow::Result<()> {
    let runtime = match &args.containerd {
        Some(socket) => Runtime::containerd(socket),
        None => Runtime::find(SelectedContext::find(connection)?.as_ref(), Path::exists)
            .context(NOTHING_FOUND)?,
    };
    let archive = oci::archive(&args.probe_image, &carried()?)?;
    let mut file =
        tempfile::Builder::new().prefix("kubectl-pods-probe-").suffix(".tar").tempfile()?;
    file.write_all(&archive.bytes).context("cannot write the archive")?;
    let command = runtime.command(file.path());
    output::note(&format!("loading with: {}", command.join(OsStr::new(" ")).display()));
    load(&command)?;
    let (name, digest) = (&args.probe_image, &archive.digest);
    let mut stdout = Stdout::new();
    let told = format!("image {name} ({digest}) loaded into {}\n", runtime.title());
    stdout.write(told.as_bytes())?;
    stdout.flush()
}

/// Runs the command. What it prints is its own affair unless it fails.
fn load(words: &[OsString]) -> anyhow::Result<()> {
    let (program, arguments) = words.split_first().context("a command has a program")?;
    let name = program.display();
    let mut command = Command::new(program);
    let output = match command.args(arguments).stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("{name} is what loads images there, and it is not in PATH")
        }
        Err(error) => return Err(error).with_context(|| format!("cannot start {name}")),
    };
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    bail!("{name} failed ({}): {}", output.status, output::for_terminal(said.trim().as_bytes()))
}
