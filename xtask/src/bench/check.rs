//! The time from command to answer, against the article's `kubectl run curl … -it --rm`.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use super::sample::Sample;
use crate::{
    cargo::{self, Part},
    cluster, command,
    workspace::root,
};

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

/// What the median may be of kubectl's.
const BAR: f64 = 0.4;

/// A cluster with the article's two pods, and what is measured on it.
struct Bench {
    kubeconfig: PathBuf,
    path: String,
    address: String,
}

pub(super) fn run(args: &CheckBench) -> anyhow::Result<()> {
    let plugin = if args.debug { cargo::build(Part::Plugin)? } else { cargo::release()? };
    let plugin = plugin.plugin()?;
    let lease = cluster::Lease::take("bench")?;
    let options = cluster::Options { nodes: 2, ..cluster::Options::default() };
    let measured = lease.with_cluster(&options, |running| {
        Bench::prepare(plugin, &running.bin, &running.kubeconfig)?.measure(args.runs)
    })?;
    report(&measured, args.debug);
    Ok(())
}

impl Bench {
    fn prepare(plugin: &Path, bin: &Path, kubeconfig: &Path) -> anyhow::Result<Self> {
        let folder = plugin.parent().unwrap_or(Path::new("."));
        let path = format!("{}:{}:/usr/bin:/bin", bin.display(), folder.display());
        let mut bench = Self { kubeconfig: kubeconfig.to_path_buf(), path, address: String::new() };
        let article = root().join("tests/fixtures/article.yaml");
        bench.kubectl(&["apply", "-f", &article.display().to_string()])?;
        bench.kubectl(&["wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s"])?;
        bench.address =
            bench.kubectl(&["get", "pod", "nginx-ser", "-o", "jsonpath={.status.podIP}"])?;
        Ok(bench)
    }

    /// Runs the three commands in turn, after one of each that does not count.
    fn measure(&self, runs: u32) -> anyhow::Result<[(String, Sample); 3]> {
        let url = format!("http://{}", self.address);
        let run = "run curl --image=docker.io/curlimages/curl:latest --image-pull-policy=IfNotPresent \
                   --restart=Never -it --rm -- --silent";
        let run: Vec<&str> = run.split_whitespace().chain([url.as_str()]).collect();
        let (page, verdict) = ("Welcome to nginx!", " open ");
        let commands = [
            (vec!["pods", "curl", "nginx-ser"], page),
            (vec!["pods", "check", "nginx-ser"], verdict),
            (run, page),
        ];
        let mut samples = [Sample::default(), Sample::default(), Sample::default()];
        for round in 0..=runs {
            for ((words, answer), sample) in commands.iter().zip(&mut samples) {
                let took = self.time_to_answer(words, answer)?;
                if round > 0 {
                    sample.add(took);
                }
            }
            eprintln!("round {round} of {runs}");
        }
        let names = commands.map(|(words, _)| format!("kubectl {}", words.join(" ")));
        let [first, second, third] = samples;
        let [curl, check, run] = names;
        Ok([(curl, first), (check, second), (run, third)])
    }

    /// How long the command took. One that prints no `answer`, as kubectl's now and then, is said and run again.
    fn time_to_answer(&self, words: &[&str], answer: &str) -> anyhow::Result<Duration> {
        for _ in 0..3 {
            let begun = Instant::now();
            let said = self.kubectl(words)?;
            let took = begun.elapsed();
            self.wait_gone()?;
            if said.contains(answer) {
                return Ok(took);
            }
            eprintln!("no answer from `kubectl {}`: {said:?}", words.join(" "));
        }
        bail!("three times no {answer:?} from `kubectl {}`", words.join(" "))
    }

    /// The next round begins without pods of the last one.
    fn wait_gone(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(30);
        let names = ["get", "pods", "-o", "name"];
        while self.kubectl(&names)?.lines().count() > 2 {
            if Instant::now() > deadline {
                bail!("pods of the last round do not go away");
            }
        }
        Ok(())
    }

    fn kubectl(&self, words: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new("env");
        command.arg("kubectl").args(words).stdin(Stdio::null());
        command.env("PATH", &self.path).env("KUBECONFIG", &self.kubeconfig);
        let output = command.output().context("cannot start kubectl")?;
        if !output.status.success() {
            bail!(
                "`{}` failed: {}",
                command::shown(&command),
                String::from_utf8_lossy(&output.stderr).trim_end()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

fn report(measured: &[(String, Sample); 3], debug: bool) {
    let build = if debug { "dev" } else { "release" };
    let peer = measured[2].1.median().as_secs_f64();
    println!(
        "\n| command ({build} build, n = {}) | min / median / max | ratio of medians |",
        measured[0].1.len()
    );
    println!("|---|---|---|");
    for (command, sample) in measured {
        let ratio = sample.median().as_secs_f64() / peer;
        println!("| `{command}` | {} | {ratio:.2} |", sample.summary());
    }
    for (command, sample) in &measured[..2] {
        let ratio = sample.median().as_secs_f64() / peer;
        let word = if ratio <= BAR { "met" } else { "NOT met" };
        println!("\nbar for `{command}`: median at most {BAR} of kubectl's: {word} ({ratio:.2})");
    }
}
