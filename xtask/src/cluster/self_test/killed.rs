//! Killing `up` at any moment.

use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::super::state::State;
use super::super::{Options, Running, down, up};
use super::leftovers;
use super::pods::Pods;
use super::shell::xtask;
use crate::command;

/// Kills `up` twice, or with `all` six times, at random moments: one in each half or sixth of the time it takes. Every
/// other time `down` follows, otherwise `up`.
pub(super) fn run(options: &Options, all: bool) -> Result<()> {
    let rounds = if all { 6 } else { 2 };
    down(&options.name)?;
    let started = Instant::now();
    up(options)?;
    let whole = started.elapsed();
    for round in 0..rounds {
        down(&options.name)?;
        let slice = whole / rounds;
        let moment = slice * round + slice.mul_f64(random());
        let found = kill_after(options, moment, round.is_multiple_of(2))
            .with_context(|| format!("killed after {} ms", moment.as_millis()))?;
        eprintln!("killed up after {} ms, with {found} things to remove", moment.as_millis());
    }
    up(options)?;
    works(options)
}

/// What is left of an `up` that was killed between making its folder and owning anything: `status` says so, `down`
/// removes it, and `up` starts on top of it.
pub(super) fn before_it_began(options: &Options) -> Result<()> {
    let state = State::of(&options.name);
    let leave = || {
        fs::create_dir_all(state.root())?;
        fs::write(state.root().join("cluster.json.new"), "{").context("cannot write")
    };
    leave()?;
    let status = command::output(&mut xtask(&["cluster", "status"])?)?;
    let line = format!("{}: interrupted before it began; `up` or `down` cleans up", options.name);
    ensure!(status.lines().any(|said| said == line), "status says:\n{status}");
    down(&options.name)?;
    ensure!(!state.root().exists(), "down left {}", state.root().display());
    leave()?;
    up(options)?;
    ensure!(!state.root().join("cluster.json.new").exists(), "up left what was half-written");
    down(&options.name)
}

/// Starts `up` as a process of its own and kills it, then starts it once more if `again`, and removes
/// everything. Returns how much was there after the kill.
fn kill_after(options: &Options, moment: Duration, again: bool) -> Result<usize> {
    let nodes = options.nodes.to_string();
    let mut child = xtask(&["cluster", "up", "--name", &options.name, "--nodes", &nodes])?
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    std::thread::sleep(moment);
    child.kill()?;
    child.wait()?;
    let killed = State::of(&options.name).spec();
    let found = killed.as_ref().map(leftovers::of).transpose()?.map_or(0, |found| found.len());
    if again {
        up(options)?;
        works(options)?;
    }
    let running = State::of(&options.name).spec();
    down(&options.name)?;
    killed.iter().chain(&running).try_for_each(leftovers::assert_none)?;
    Ok(found)
}

fn works(options: &Options) -> Result<()> {
    Pods::of(&Running::find(&options.name)?).ensure_ready(options.nodes)
}

/// From 0 up to 1, different in every run.
fn random() -> f64 {
    let bits = RandomState::new().hash_one(0) >> 32;
    f64::from(u32::try_from(bits).unwrap_or_default()) / f64::from(u32::MAX)
}
