//! Whether causes are named: ordinary mistakes, and what popeye, which looks at objects alone, says of the same cluster;
//! healthy targets, of which nothing is to be said; and how long causes take.

mod healthy;
mod kubernetes;
mod mistakes;
mod popeye;

use anyhow::Result;

use self::kubernetes::Kubernetes;
use crate::{
    bench::sample::Sample,
    cargo::{self, Part},
    cluster,
};

/// Arguments of `cargo xtask bench causes`.
#[derive(Debug, clap::Args)]
pub(crate) struct CausesBench {
    /// Runs of each command whose time is taken, interleaved
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(20..))]
    runs: u32,
    /// Measure the unoptimised build (quicker to make)
    #[arg(long)]
    debug: bool,
}

pub(super) fn run(args: &CausesBench) -> Result<()> {
    let popeye = popeye::build()?;
    let plugin = if args.debug { cargo::build(Part::Plugin)? } else { cargo::release()? };
    let plugin = plugin.plugin()?.to_path_buf();
    let lease = cluster::Lease::take("bench-causes")?;
    let options = cluster::Options { nodes: 2, ..cluster::Options::default() };
    lease.with_cluster(&options, |running| {
        let kubernetes = Kubernetes { running, plugin: &plugin, popeye: &popeye };
        mistakes::show(&kubernetes)?;
        let front = healthy::show(&kubernetes)?;
        let build = if args.debug { "dev" } else { "release" };
        show_times(build, &times(&kubernetes, &front, args.runs)?);
        Ok(())
    })
}

/// How long a check of one healthy target takes, and of one whose causes are looked for.
fn times(kubernetes: &Kubernetes<'_>, front: &str, runs: u32) -> Result<[Sample; 2]> {
    let cases = [(healthy::NAMESPACE, front), (mistakes::NAMESPACE, "svc/near")];
    let mut samples = [Sample::default(), Sample::default()];
    for round in 0..=runs {
        for ((namespace, target), sample) in cases.iter().zip(&mut samples) {
            let begun = std::time::Instant::now();
            kubernetes.check(namespace, &[(*target).to_owned()])?;
            if round > 0 {
                sample.add(begun.elapsed());
            }
        }
    }
    Ok(samples)
}

fn show_times(build: &str, [healthy, failing]: &[Sample; 2]) {
    println!("\n| check ({build} build, n = {}) | min / median / max |", healthy.len());
    println!("|---|---|");
    println!("| a Service that answers | {} |", healthy.summary());
    println!("| one whose selector matches nothing, with its cause | {} |", failing.summary());
    let more = failing.median().as_secs_f64() - healthy.median().as_secs_f64();
    let word = if more <= 0.150 { "met" } else { "NOT met" };
    println!("\nbar: at most 150 ms more: {word} ({:.0} ms)", 1000.0 * more);
}
