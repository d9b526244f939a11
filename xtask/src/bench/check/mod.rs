//! The time from command to answer, against the article's `kubectl run curl … -it --rm`; of many targets; of a target that
//! fails, with causes and without.

mod contest;
mod report;
mod timed;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    cargo::{self, Part},
    cluster,
};

use self::contest::Contest;

/// Arguments of `cargo xtask bench check`.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckBench {
    /// Runs of each command, interleaved
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(20..))]
    runs: u32,
    /// Measure the unoptimised build (quicker to make)
    #[arg(long)]
    debug: bool,
}

/// Where kubectl and the plugin are, and the cluster they talk to.
struct Programs {
    path: String,
    kubeconfig: PathBuf,
}

pub(super) fn run(args: &CheckBench) -> anyhow::Result<()> {
    let plugin = if args.debug { cargo::build(Part::Plugin)? } else { cargo::release()? };
    let plugin = plugin.plugin()?;
    let lease = cluster::Lease::take("bench")?;
    let options = cluster::Options { nodes: 2, ..cluster::Options::default() };
    let contestants = lease.with_cluster(&options, |running| {
        let programs = Programs::new(plugin, &running.bin, &running.kubeconfig);
        Contest::prepare(&programs)?.measure(args.runs)
    })?;
    report::print(&contestants, args.debug);
    Ok(())
}

impl Programs {
    fn new(plugin: &Path, bin: &Path, kubeconfig: &Path) -> Self {
        let folder = plugin.parent().unwrap_or(Path::new("."));
        let path = format!("{}:{}:/usr/bin:/bin", bin.display(), folder.display());
        Self { path, kubeconfig: kubeconfig.to_path_buf() }
    }

    /// kubectl with these words.
    fn kubectl<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Command {
        // `env` looks along the new PATH, which we would not.
        let mut command = Command::new("env");
        command.arg("kubectl").args(words);
        command.env("PATH", &self.path).env("KUBECONFIG", &self.kubeconfig);
        command
    }
}
