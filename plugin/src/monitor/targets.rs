//! Targets of a standing probe: what they mean from now on, not only now.

use std::ptr;

use anyhow::bail;

use cluster::Cluster;
use kubectl_pods_report::{Family, Observation, Standby};

use crate::{
    cli::InstallArgs,
    launch, output,
    targets::{
        self, Addressing, AttemptOptions, Place, Resolution, Resolved, Target, TargetKind, Wanted,
    },
};

/// Targets that a standing probe can follow, from what was typed.
///
/// # Errors
///
/// When a word is no target, names no port where nothing declares one, is an address of another family than `family`, or means
/// pods that come and go.
pub(super) fn parse(words: &[String], family: Option<Family>) -> anyhow::Result<Vec<Target>> {
    let targets = words.iter().map(|text| text.parse()).collect::<Result<Vec<Target>, _>>()?;
    for target in &targets {
        if let Place::Object(kind, name) = &target.place
            && !matches!(kind, TargetKind::Pod | TargetKind::Service)
        {
            bail!(
                "target {:?}: the pods of a {} come and go: give a Service in front of them, as in svc/{name}",
                target.text,
                kind.short()
            );
        }
    }
    targets::refuse_unfit(&targets, Wanted { family, ..Wanted::default() })?;
    Ok(targets)
}

/// The plan that the flags ask for, as the probe will read it, and how many checks it has.
///
/// A Service is checked by its name in the cluster's DNS, and so followed wherever it moves. A pod has no such name:
/// its address is taken as it is now, and the user is told.
///
/// # Errors
///
/// When a target does not exist, or has no port or no address.
pub(super) async fn plan(
    cluster: &Cluster,
    args: &InstallArgs,
    targets: &[Target],
    addressing: &Addressing,
) -> anyhow::Result<(String, usize)> {
    let mut found = targets::resolve(
        Some(cluster),
        targets,
        Wanted {
            fallback: None,
            family: addressing.family,
            protocol: args.attempt.protocol.map(Into::into),
        },
        addressing,
        args.rollout_timeout.saturating_add(launch::GRACE),
    )
    .await?;
    targets::notes(&found).into_iter().for_each(output::warning);
    let mut pinned = Vec::new();
    for one in &mut found {
        follow(one, &cluster.namespace, &mut pinned)?;
    }
    let found = one_check_each(found);
    if !pinned.is_empty() {
        output::warning(&format!(
            "pods are watched at their address of this moment ({}); a Service (svc/NAME) is followed",
            pinned.join(", ")
        ));
    }
    let addressing = addressing.clone().within(&cluster.namespace);
    let options = AttemptOptions::new(&args.attempt, 1, addressing);
    let mut plan = targets::plan(&found, &options).plan;
    (plan.every_seconds, plan.max_attempt_records) = (Some(args.every.as_secs_f64()), None);
    let json = serde_json::to_string_pretty(&plan)?;
    // By the very code that the probe will read it with: so nothing is installed that no probe accepts.
    probe::StandingPlan::parse(json.as_bytes())?;
    Ok((json, plan.checks.len()))
}

/// Endpoints that stand by for one check at most, of each family of a dual-stack Service as many as stand by for a check.
const STANDBYS: usize = 16;

/// Of one target: endpoints behind one name are one check, for both families of a Service all that stands by for either, and a pod's second address has a
/// label of its own. What was typed twice is the user's to mend.
fn one_check_each(found: Vec<Resolved<'_>>) -> Vec<Resolved<'_>> {
    let mut kept: Vec<Resolved<'_>> = Vec::new();
    for mut one in found {
        let mut of_target = kept.iter_mut().filter(|other| ptr::eq(one.target, other.target));
        let same =
            |other: &&mut Resolved<'_>| (&other.label, &other.what) == (&one.label, &one.what);
        if let Some(same) = of_target.find(same) {
            same.standby.append(&mut one.standby);
            continue;
        }
        if let Resolution::Try(host, _) = &one.what
            && kept
                .iter()
                .any(|other| ptr::eq(one.target, other.target) && other.label == one.label)
        {
            one.label = format!("{} ({host})", one.label);
        }
        kept.push(one);
    }
    for one in &mut kept {
        in_order(&mut one.standby);
    }
    kept
}

/// The same plan whenever the same endpoints are there: their slices have no order.
fn in_order(standby: &mut Vec<Standby>) {
    standby.sort_by_key(|standby| (standby.address, standby.port));
    standby.dedup();
    standby.truncate(STANDBYS);
}

fn follow(
    found: &mut Resolved<'_>,
    namespace: &str,
    pinned: &mut Vec<String>,
) -> anyhow::Result<()> {
    let target = found.target;
    match (&mut found.what, &target.place) {
        (Resolution::Settled(Observation::Absent, words), _) => {
            return Err(targets::absent(words));
        }
        // A headless Service without endpoints is no reason not to watch it, but then its port is not known.
        (Resolution::Settled(_, problem), _) => bail!("cannot watch {}: {problem}", target.text),
        (Resolution::Try(host, _), Place::Object(TargetKind::Service, name)) => {
            let (namespace, name) = targets::in_namespace(name, namespace);
            *host = format!("{name}.{namespace}.svc");
        }
        (Resolution::Try(host, _), Place::Object(TargetKind::Pod, name)) => {
            let text = format!("{name} {host}");
            if !pinned.contains(&text) {
                pinned.push(text);
            }
        }
        (Resolution::Try(..), _) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::targets::Port;

    /// What is found at `host` for `target`, and stands by at these addresses.
    fn found<'t>(target: &'t Target, host: &str, standby: &[&str]) -> Resolved<'t> {
        let standby = standby.iter().map(|address| {
            let address: IpAddr = address.parse().expect("an address");
            Standby { address, port: 8080 }
        });
        let what = Resolution::Try(host.to_owned(), Some(Port::plain(80)));
        let found = Resolved::new(target.text.clone(), target, what);
        Resolved { standby: standby.collect(), every_address: true, ..found }
    }

    #[test]
    fn a_service_with_several_addresses_is_one_check_for_which_all_endpoints_stand_by() {
        let target: Target = "svc/two".parse().expect("a target");
        let headless = vec![found(&target, "10.0.0.8", &[]), found(&target, "10.0.0.7", &[])];
        let dual_stack = vec![
            found(&target, "10.96.0.7", &["10.0.0.8", "10.0.0.7"]),
            found(&target, "fd00::7", &["fd00::8"]),
        ];
        let cases = [(headless, &[][..]), (dual_stack, &["10.0.0.7", "10.0.0.8", "fd00::8"])];
        for (mut places, expected) in cases {
            for place in &mut places {
                follow(place, "shop", &mut Vec::new()).expect("it can be followed");
            }
            let checks = one_check_each(places);
            let [check] = checks.as_slice() else { panic!("{checks:#?}") };
            assert!(matches!(&check.what, Resolution::Try(host, _) if host == "two.shop.svc"));
            let stands_by: Vec<String> =
                check.standby.iter().map(|standby| standby.address.to_string()).collect();
            assert_eq!(stands_by, expected, "in one order whatever that of the slices");
        }
    }

    #[test]
    fn a_pods_second_address_has_a_label_of_its_own() {
        let target: Target = "pod/web".parse().expect("a target");
        let checks =
            one_check_each(vec![found(&target, "10.0.0.7", &[]), found(&target, "fd00::7", &[])]);
        let labels: Vec<&str> = checks.iter().map(|check| check.label.as_str()).collect();
        assert_eq!(labels, ["pod/web", "pod/web (fd00::7)"]);
    }
}
