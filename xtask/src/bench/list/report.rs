//! What was measured, as rows for `docs/measurements.md`.

use anyhow::Result;

use super::contenders::Contender;
use crate::bench::{measured::Measured, sample::Sample};

/// All runs of one program.
pub(super) struct Line {
    pub(super) contender: Contender,
    /// Bytes of the server's answers to one run.
    pub(super) wire: u64,
    wall: Sample,
    cpu: Sample,
    /// The largest of all runs.
    peak: u64,
    /// Of the last run.
    output: u64,
}

impl Line {
    pub(super) fn new(contender: Contender) -> Self {
        let (wall, cpu) = (Sample::default(), Sample::default());
        Self { contender, wire: 0, wall, cpu, peak: 0, output: 0 }
    }

    pub(super) fn add(&mut self, measured: &Measured) -> Result<()> {
        self.wall.add(measured.wall);
        self.cpu.add(measured.cpu);
        self.peak = self.peak.max(measured.peak);
        self.output = measured.size()?;
        Ok(())
    }
}

/// Prints the head of the table.
pub(super) fn head(build: &str, runs: u32) {
    println!(
        "\n| pods / namespaces | command ({build} build, n = {runs}) | wall, min / median / max | kubectl's median is so many times it | CPU, median | peak memory | answers | output |"
    );
    println!("|---|---|---|---|---|---|---|---|");
}

/// Prints a row for each line; the first is kubectl's.
pub(super) fn rows(pods: usize, namespaces: usize, lines: &[Line]) {
    let Some(kubectl) = lines.first().map(|line| line.wall.median().as_secs_f64()) else { return };
    for line in lines {
        let times = kubectl / line.wall.median().as_secs_f64();
        let output =
            if line.contender.prints_pods { megabytes(line.output) } else { String::new() };
        println!(
            "| {pods} / {namespaces} | `{}` | {} | {times:.1} | {:.3} s | {} | {} | {output} |",
            line.contender.name,
            line.wall.summary(),
            line.cpu.median().as_secs_f64(),
            megabytes(line.peak),
            megabytes(line.wire),
        );
    }
}

/// In millions of bytes, or in thousands where these are few.
#[expect(clippy::cast_precision_loss, reason = "one digit behind the point")]
fn megabytes(bytes: u64) -> String {
    if bytes < 1_000_000 {
        return format!("{:.1} kB", bytes as f64 / 1e3);
    }
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::megabytes;

    #[test]
    fn sizes_read_well() {
        assert_eq!([0, 1_250, 31_960_000].map(megabytes), ["0.0 kB", "1.2 kB", "32.0 MB"]);
    }
}
