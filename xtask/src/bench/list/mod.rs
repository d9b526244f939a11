//! Lists of pods: kubectl, curl with the cheapest sufficient request, and ours, in turn.

mod contenders;
mod pods;
mod report;
mod same;
mod wire;

use std::path::Path;

use anyhow::{Result, ensure};

use self::{contenders::Where, pods::Filling, report::Line};
use crate::{
    bench::measured::Measured,
    cargo::{self, Part},
    cluster::{self, Running},
};

/// Arguments of `cargo xtask bench list`.
#[derive(Debug, clap::Args)]
pub(crate) struct ListBench {
    /// 100,000 pods (instead of 5, 1,000 and 10,000); takes an hour
    #[arg(long, conflicts_with = "sparse")]
    huge: bool,
    /// 2,000 namespaces with 2,000 and 10,000 pods (instead of ten namespaces and one)
    #[arg(long)]
    sparse: bool,
    /// Runs of each command, interleaved; 5, or 3 with --huge, when absent
    #[arg(long, value_parser = clap::value_parser!(u32).range(3..))]
    runs: Option<u32>,
    /// Measure the unoptimised build (quicker to make)
    #[arg(long)]
    debug: bool,
}

/// Pods spread evenly over namespaces; each size is made from the one before it.
struct Setting {
    namespaces: usize,
    sizes: &'static [usize],
}

impl ListBench {
    fn settings(&self) -> Vec<Setting> {
        let sizes: &[usize] = if self.huge { &[100_000] } else { &[5, 1_000, 10_000] };
        if self.sparse {
            return vec![Setting { namespaces: 2_000, sizes: &[2_000, 10_000] }];
        }
        [10, 1].map(|namespaces| Setting { namespaces, sizes }).into()
    }

    fn runs(&self) -> u32 {
        self.runs.unwrap_or(if self.huge { 3 } else { 5 })
    }
}

pub(super) fn run(args: &ListBench) -> Result<()> {
    let plugin = if args.debug { cargo::build(Part::Plugin)? } else { cargo::release()? };
    let plugin = plugin.plugin()?;
    report::head(if args.debug { "dev" } else { "release" }, args.runs());
    for setting in args.settings() {
        let lease = cluster::Lease::take("bench-list")?;
        let options = cluster::Options::control_plane("bench-list");
        lease.with_cluster(&options, |running| measure(plugin, running, &setting, args.runs()))?;
    }
    Ok(())
}

fn measure(plugin: &Path, running: &Running, setting: &Setting, runs: u32) -> Result<()> {
    let filling = Filling::new(running, setting.namespaces)?;
    let mut have = 0;
    for size in setting.sizes {
        eprintln!("{size} pods in {} namespaces …", setting.namespaces);
        filling.add(have..*size)?;
        have = *size;
        let place = Where::new(running, plugin, setting.namespaces)?;
        for words in place.commands() {
            let lines = in_turn(&place, words, *size, runs)?;
            report::rows(*size, setting.namespaces, &lines);
        }
    }
    Ok(())
}

/// Runs what does the same in turn, after one of each that does not count, and compares what kubectl and we print.
fn in_turn(place: &Where<'_>, words: &[&str], pods: usize, runs: u32) -> Result<Vec<Line>> {
    let contenders = place.contenders(words, pods);
    let mut lines: Vec<Line> = contenders.into_iter().map(Line::new).collect();
    for line in &mut lines {
        line.wire = place.wire.bytes_of(|| line.contender.run().map(drop))?;
    }
    for _ in 0..runs {
        let mut expected: Option<Measured> = None;
        for line in &mut lines {
            let measured = line.contender.run()?;
            line.add(&measured)?;
            match &expected {
                _ if !line.contender.prints_pods => {}
                None => expected = Some(measured),
                Some(expected) => {
                    let same = same::but_for_ages(expected.output()?, measured.output()?)?;
                    ensure!(same, "kubectl and `{}` differ", line.contender.name);
                }
            }
        }
    }
    Ok(lines)
}

/// The namespace number `index`.
fn namespace(index: usize) -> String {
    format!("team-{index:04}")
}
