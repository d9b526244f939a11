//! Logs that outlive their cluster.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::state::State;
use crate::{command, workspace};

/// Copies the logs of cluster `name` to where they stay when it is removed, in place of those of an earlier one. Gives
/// their folder.
///
/// # Errors
///
/// When there are none, or they cannot be copied.
pub(crate) fn keep(name: &str) -> Result<PathBuf> {
    let kept = workspace::cache()?.join("logs").join(name);
    if kept.exists() {
        fs::remove_dir_all(&kept)?;
    }
    fs::create_dir_all(kept.parent().unwrap_or(&kept))?;
    command::run(Command::new("cp").arg("--recursive").args([&State::of(name).logs(), &kept]))?;
    Ok(kept)
}
