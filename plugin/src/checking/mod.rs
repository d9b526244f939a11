//! `check` and `curl`: targets become a plan, a probe carries it out, its records become a report or a body.
//!
//! - [`mod@curl`]: the plan of one request, and the answer as curl would print it; [`mod@reason`]: the cause below it.
//! - [`mod@report`], [`table`], [`mod@chain`]: what may be concluded from records, and how it looks.

mod chain;
mod columns;
mod curl;
mod reason;
mod report;
mod table;

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use cluster::{Cluster, ConnectionOptions};
use kubectl_pods_report::{Plan, Report};

use self::curl::{Asked, CurlOutput};
use crate::{
    causes,
    cli::{CheckArgs, CheckFormat, CurlArgs, ProbeArgs},
    exit::Exit,
    launch::{self, Brought, Carrier, Placement, PodShape},
    output::{self, ClosedPipe, Stdout},
    signals::unless_stopped,
    targets::{self, Addressing, AttemptOptions, Place, Resolution, Resolved, Target, Wanted},
};

/// Checks targets from inside the cluster, or from here.
///
/// # Errors
///
/// When the cluster cannot be asked or a target is not understood.
pub async fn check(connection: &ConnectionOptions, args: &CheckArgs) -> anyhow::Result<Exit> {
    let mut targets =
        args.targets.iter().map(|text| text.parse()).collect::<Result<Vec<Target>, _>>()?;
    targets.extend(args.selector.as_deref().map(Target::selected));
    let addressing = Addressing::read(&args.attempt.addressing)?;
    let protocol = args.attempt.protocol.map(Into::into);
    let wanted = Wanted { fallback: None, family: addressing.family, protocol };
    targets::refuse_unfit(&targets, wanted)?;
    let carrier = carrier(&args.probe)?;
    let cluster = cluster_for(connection, &args.probe, &targets, args.all).await?;
    if let Some(cluster) = cluster.as_ref().filter(|_| args.all) {
        let services = targets::services(cluster, args.all_namespaces, wanted).await?;
        anyhow::ensure!(
            !(targets.is_empty() && services.targets.is_empty() && !services.left_out.is_empty()),
            "no Service has anything to try: {}",
            services.left_out.join(", ")
        );
        targets.extend(services.targets);
        if !services.left_out.is_empty() {
            output::warning(&format!("left out: {}", services.left_out.join(", ")));
        }
    }
    anyhow::ensure!(!targets.is_empty(), "there is no Service to check");
    if args.endpoints {
        targets = targets::with_endpoints(cluster.as_ref(), targets, wanted).await?;
    }
    let limit = lookup_limit(&args.probe);
    let addressing = within(addressing, cluster.as_ref(), &args.probe);
    let found = targets::resolve(cluster.as_ref(), &targets, wanted, &addressing, limit).await?;
    targets::notes(&found).into_iter().for_each(output::warning);
    let options = AttemptOptions::new(&args.attempt, args.attempts, addressing);
    let planned = targets::plan(&found, &options);
    let tell = async |brought| {
        let (mut report, places) = report::report(&planned, brought);
        let origins: Vec<&Resolved<'_>> = places.into_iter().map(|place| &found[place]).collect();
        causes::explain(cluster.as_ref(), &origins, &mut report).await;
        match print_report(&report, args).await {
            // Whoever has read enough still learns how it ended.
            Err(error) if error.is::<ClosedPipe>() => {}
            printed => printed?,
        }
        for reason in report::unjudged(&report) {
            output::note(&format!("error: {reason}"));
        }
        Ok(report::exit(&report))
    };
    if planned.plan.checks.is_empty() {
        return unless_stopped(tell(Vec::new())).await;
    }
    let nodes = each_once(&args.from_node);
    probe(cluster.as_ref(), &args.probe, carrier, &nodes, &planned.plan, tell).await
}

/// What is named twice is one.
fn each_once(names: &[String]) -> Vec<String> {
    let mut once: Vec<String> = Vec::new();
    for name in names {
        if !once.contains(name) {
            once.push(name.clone());
        }
    }
    once
}

/// Sends one request from inside the cluster, or from here.
///
/// # Errors
///
/// When the cluster cannot be asked or the target is not understood.
pub async fn curl(connection: &ConnectionOptions, args: &CurlArgs) -> anyhow::Result<Exit> {
    let mut request = args.request.clone();
    let targets = [args.target.parse::<Target>()?];
    // What was typed is looked at before a credential plugin may run.
    let addressing = Addressing::read(&request.addressing)?;
    let wanted = Wanted { fallback: Some(80), family: addressing.family, protocol: None };
    targets::refuse_unfit(&targets, wanted)?;
    let carrier = carrier(&args.probe)?;
    let format_is_input = request.showing.write_out.as_deref() == Some("@-");
    if !format_is_input {
        curl::read_format(&mut request.showing)?;
    }
    let http = curl::request(&targets[0], &request)?;
    if format_is_input {
        curl::read_format(&mut request.showing)?;
    }
    let cluster = cluster_for(connection, &args.probe, &targets, false).await?;
    let limit = lookup_limit(&args.probe);
    let addressing = within(addressing, cluster.as_ref(), &args.probe);
    let found = targets::resolve(cluster.as_ref(), &targets, wanted, &addressing, limit).await?;
    if !request.showing.is_silent() {
        targets::notes(&found).into_iter().for_each(output::warning);
    }
    let found =
        found.first().with_context(|| format!("target {:?} has no address", args.target))?;
    let Resolution::Try(host, Some(port)) = &found.what else {
        return unless_stopped(reason::untried(cluster.as_ref(), found)).await;
    };
    let method = http.method.clone();
    let mut plan = curl::plan(&targets[0], host, port, &request, http, &addressing);
    plan.checks[0].standby.clone_from(&found.standby);
    let asked = Asked { target: &targets[0], args: &request, method: &method };
    let node = args.from_node.as_slice();
    let tell = async |brought: Vec<Brought>| {
        let brought = brought.into_iter().next().unwrap_or_default();
        if let Some(reason) = &brought.source.problem {
            output::note(&format!("error: {}", report::probe_failed(&[], reason)));
            return Ok(Exit::Inconclusive);
        }
        let exit = print_answer(curl::answer(&brought.results, &asked, write_answer).await).await;
        // Where a redirect has led is not what was named.
        let is_redirected = brought.results.exchanges.values().any(|hops| hops.len() > 1);
        if !request.showing.is_silent() && !is_redirected {
            reason::tell(cluster.as_ref(), found, &plan, brought).await;
        }
        Ok(exit)
    };
    probe(cluster.as_ref(), &args.probe, carrier, node, &plan, tell).await
}

/// The image that is to carry the probe, if one is named.
fn carrier(args: &ProbeArgs) -> anyhow::Result<Option<Carrier>> {
    args.carrier.as_deref().map(Carrier::new).transpose()
}

/// A probe in the cluster trusts the cluster for its names.
fn within(addressing: Addressing, cluster: Option<&Cluster>, probe: &ProbeArgs) -> Addressing {
    match cluster.filter(|_| !probe.from_here) {
        Some(cluster) => addressing.within(&cluster.namespace),
        None => addressing,
    }
}

/// How long it may take to look up targets: as long as to start a probe, and some grace.
fn lookup_limit(probe: &ProbeArgs) -> Duration {
    probe.start_timeout.saturating_add(launch::GRACE)
}

/// Connects to the cluster, unless nothing needs one; `looks` if more than the targets is looked up. Credentials are asked for before any limit begins.
async fn cluster_for(
    connection: &ConnectionOptions,
    probe: &ProbeArgs,
    targets: &[Target],
    looks: bool,
) -> anyhow::Result<Option<Cluster>> {
    let is_object =
        |target: &Target| matches!(target.place, Place::Object(..) | Place::Selected(_));
    if probe.from_here && !looks && !targets.iter().any(is_object) {
        return Ok(None);
    }
    let cluster = Cluster::connect(connection, output::warning)?;
    cluster.check_namespace()?;
    cluster.log_in().await?;
    Ok(Some(cluster))
}

/// Has the plan carried out where the flags say, on each of `nodes`, or wherever the scheduler wants when there are none,
/// and what is brought told, unless a signal comes first.
async fn probe(
    cluster: Option<&Cluster>,
    args: &ProbeArgs,
    carrier: Option<Carrier>,
    nodes: &[String],
    plan: &Plan,
    tell: impl AsyncFn(Vec<Brought>) -> anyhow::Result<Exit>,
) -> anyhow::Result<Exit> {
    let tell = async |brought| unless_stopped(tell(brought)).await;
    let Some(cluster) = cluster.filter(|_| !args.from_here) else {
        return launch::run_here(plan, tell).await;
    };
    let on = |node: Option<&String>| Placement {
        image: args.probe_image.clone(),
        node: node.cloned(),
        start_limit: args.start_timeout,
        keep: args.keep_finished,
        shape: PodShape::new(&args.pod),
        after: Duration::ZERO,
    };
    let placements = match nodes {
        [] => vec![on(None)],
        nodes => nodes.iter().map(|node| on(Some(node))).collect(),
    };
    let cluster = cluster.in_namespace(args.pod.probe_namespace.as_deref());
    let carrier = launch::within(carrier, &cluster).await;
    launch::run(&cluster, plan, &placements, carrier.as_ref(), tell).await
}

async fn print_report(report: &Report, args: &CheckArgs) -> anyhow::Result<()> {
    let stdout = Stdout::new();
    let text = match args.output {
        CheckFormat::Json => serde_json::to_string_pretty(report)? + "\n",
        format => {
            let (wide, look) = (format == CheckFormat::Wide, stdout.look(args.no_headers));
            let chains = if wide { chain::chains(report, look) } else { String::new() };
            table::table(report, wide, look) + &chains
        }
    };
    stdout.print(text.into_bytes()).await
}

/// Writes what was answered into `file`, or to stdout.
///
/// # Errors
///
/// Why that cannot be, in words; none where nobody reads any more.
async fn write_answer(file: Option<&Path>, bytes: Vec<u8>) -> Result<(), String> {
    match file {
        Some(file) => output::save(file, &bytes)
            .map_err(|problem| format!("cannot write {}: {problem}", file.display())),
        None => to_stdout(bytes).await.map_err(|problem| {
            if problem.is::<ClosedPipe>() { String::new() } else { format!("{problem:#}") }
        }),
    }
}

/// Writes bytes of any origin to stdout.
async fn to_stdout(bytes: Vec<u8>) -> anyhow::Result<()> {
    let stdout = Stdout::new();
    let is_terminal = stdout.terminal().is_one;
    let filtered = |bytes: Vec<u8>| output::for_terminal(&bytes).into_bytes();
    stdout.print(if is_terminal { filtered(bytes) } else { bytes }).await
}

async fn print_answer(answer: CurlOutput) -> Exit {
    let _ = to_stdout(answer.stdout).await; // As to curl: that an answer came is not undone.
    for note in &answer.notes {
        output::note(note);
    }
    output::to_stderr(&answer.stderr);
    if let Some(ours) = &answer.ours {
        output::note(ours);
    }
    answer.exit
}
