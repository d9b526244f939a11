//! `run`: plan in, lines out.

use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use kubectl_pods_report::{PLAN_VARIABLE, Plan, RESULT_FILE_VARIABLE};
use probe::LastWords;

/// Carries out the plan in `file`, or in the environment, `after` a while.
pub(super) async fn run(file: Option<&Path>, after: Duration) -> anyhow::Result<()> {
    let plan = read_plan(file)?;
    let result_file = std::env::var_os(RESULT_FILE_VARIABLE);
    let mut last_words = result_file.as_ref().map(|_| LastWords::default());
    tokio::time::sleep(after).await;
    let carried_out = probe::run(&plan, |record| {
        let mut line = serde_json::to_vec(&record)?;
        line.push(b'\n');
        if let Some(last_words) = &mut last_words {
            last_words.add(record, line.len());
        }
        // One write a line, and each at once: whoever reads the log sees results as they come.
        let mut stdout = io::stdout().lock();
        stdout.write_all(&line).and_then(|()| stdout.flush())
    });
    carried_out.await.context("cannot carry out the plan")?;
    if let (Some(file), Some(text)) = (result_file, last_words.and_then(LastWords::pack)) {
        // Standard output has it all: whoever can read that misses nothing.
        if let Err(error) = std::fs::write(&file, text) {
            let _ = writeln!(io::stderr(), "cannot write {}: {error}", file.display());
        }
    }
    Ok(())
}

fn read_plan(file: Option<&Path>) -> anyhow::Result<Plan> {
    let Some(file) = file else {
        let packed = std::env::var(PLAN_VARIABLE)
            .with_context(|| format!("no --plan, and no {PLAN_VARIABLE} in the environment"))?;
        return probe::unpack(&packed)
            .with_context(|| format!("the plan in {PLAN_VARIABLE} is not valid"));
    };
    serde_json::from_str(&read(file)?).context("the plan is not valid")
}

fn read(file: &Path) -> anyhow::Result<String> {
    if file.as_os_str() != "-" {
        return std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()));
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
    Ok(text)
}
