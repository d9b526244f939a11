//! `monitor status`: what every probe has seen, asked of the probes through the API server.

mod ask;
mod causes;
mod table;

use k8s_openapi::api::apps::v1::DaemonSet;

use cluster::{Cluster, objects};

use self::ask::ProbeAnswer;
use super::{absent, manifest};
use crate::{
    cli::{StatusArgs, StatusFormat},
    exit::Exit,
    output::{self, Stdout},
};

/// Prints what a standing probe sees. A probe that is missing or does not answer makes the exit code 3: the picture is
/// not whole.
///
/// # Errors
///
/// kubectl's `NotFound` when there is none; when the cluster cannot be asked.
pub(super) async fn run(cluster: &Cluster, args: &StatusArgs) -> anyhow::Result<Exit> {
    let found = objects::find::<DaemonSet>(cluster, &args.name).await?;
    let Some(daemon_set) = found.filter(|found| manifest::is_ours(&found.metadata, &args.name))
    else {
        return Err(absent(&args.name));
    };
    let mut seen = ask::all(cluster, &manifest::selector(&args.name)).await?;
    let outdated = causes::explain(cluster, &mut seen).await;
    let mut stdout = Stdout::new();
    let text = match args.output {
        StatusFormat::Json => serde_json::to_string_pretty(&seen)? + "\n",
        StatusFormat::Table => table::table(&seen, stdout.look(args.no_headers)),
    };
    stdout.write(text.as_bytes())?;
    stdout.flush()?;
    seen.iter().flat_map(beside).for_each(|line| output::warning(&line));
    for target in outdated {
        output::warning(&format!(
            "{target}: none of its endpoints of now was there at the installation, so that none was asked directly; kubectl pods monitor install with the same targets tells the probes of them"
        ));
    }
    let missing = missing(&daemon_set, seen.len());
    if let Some(missing) = &missing {
        output::warning(&format!("standing probe {}: {missing}", args.name));
    }
    let is_whole = missing.is_none() && seen.iter().all(|one| one.error.is_none());
    Ok(if is_whole { Exit::Success } else { Exit::Inconclusive })
}

/// What is to be said of those beside a probe who are not ready.
fn beside(answer: &ProbeAnswer) -> impl Iterator<Item = String> {
    let unready = answer.sidecars.iter().filter(|sidecar| !sidecar.ready);
    unready.map(|sidecar| {
        let again = match sidecar.restarts {
            0 => String::new(),
            1 => ", was started again once".to_owned(),
            times => format!(", was started again {times} times"),
        };
        format!(
            "probe {} on {}: container {} beside it is not ready{again}: until it is, a failure says nothing about a target",
            answer.pod, answer.node, sidecar.name
        )
    })
}

/// What is to be said when there are fewer probes than the DaemonSet wants.
fn missing(daemon_set: &DaemonSet, probes: usize) -> Option<String> {
    let wanted = daemon_set.status.as_ref().map_or(0, |status| status.desired_number_scheduled);
    if wanted == 0 && probes == 0 {
        return Some("no node is to have a probe yet".to_owned());
    }
    let is_short = usize::try_from(wanted).is_ok_and(|wanted| probes < wanted);
    is_short.then(|| {
        let name = daemon_set.metadata.name.as_deref().unwrap_or_default();
        format!(
            "{probes} of {wanted} probes are there (kubectl describe daemonset {name} says why)"
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_missing_probe_is_told() {
        let daemon_set = |wanted: i32| {
            let object = json!({
                "metadata": {"name": "watch"},
                "status": {"currentNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0,
                    "desiredNumberScheduled": wanted},
            });
            serde_json::from_value::<DaemonSet>(object).expect("a DaemonSet")
        };
        assert_eq!(missing(&daemon_set(2), 2), None);
        assert_eq!(missing(&daemon_set(2), 3), None, "a node that has just left");
        assert_eq!(missing(&daemon_set(0), 0).as_deref(), Some("no node is to have a probe yet"));
        let text = missing(&daemon_set(2), 1).expect("one is missing");
        assert_eq!(text, "1 of 2 probes are there (kubectl describe daemonset watch says why)");
    }
}
