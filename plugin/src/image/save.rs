//! The probe's image as a file.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};

use super::carried;
use crate::{cli::SaveArgs, output::Stdout};

/// Writes the archive. The same program writes the same bytes each time.
///
/// # Errors
///
/// When we carry no probe, or the file cannot be written.
pub(super) fn run(args: &SaveArgs) -> anyhow::Result<()> {
    let archive = oci::archive(&args.probe_image, &carried()?)?;
    let mut stdout = Stdout::new();
    if args.file == Path::new("-") {
        ensure!(
            !stdout.terminal().is_one,
            "an archive is no text for a terminal: name a file, or pass it on to a program"
        );
        stdout.write(&archive.bytes)?;
    } else {
        let file = args.file.display();
        fs::write(&args.file, &archive.bytes).with_context(|| format!("cannot write {file}"))?;
        let (name, digest) = (&args.probe_image, &archive.digest);
        stdout.write(format!("image {name} ({digest}) saved to {file}\n").as_bytes())?;
    }
    stdout.flush()
}
