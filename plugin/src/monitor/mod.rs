//! `monitor`: a probe that stays, repeats its checks and serves metrics.
//!
//! - [`targets`]: targets become a plan that stays true.
//! - [`manifest`]: the ConfigMap and the DaemonSet.
//! - [`rollout`]: waiting for the probes.
//! - [`install`], [`status`], [`uninstall`]: the verbs.

mod install;
mod manifest;
mod rollout;
mod status;
mod targets;
mod uninstall;

use cluster::{Cluster, ConnectionOptions, Verbatim};

use crate::{
    cli::{MonitorArgs, MonitorVerb},
    exit::Exit,
    launch::Carrier,
    output,
    targets::Addressing,
};

/// Installs, shows or removes the standing probe.
///
/// # Errors
///
/// When the cluster cannot be asked or refuses.
pub async fn run(connection: &ConnectionOptions, args: &MonitorArgs) -> anyhow::Result<Exit> {
    let connect = async || -> anyhow::Result<Cluster> {
        let cluster = Cluster::connect(connection, output::warning)?;
        cluster.check_namespace()?;
        cluster.log_in().await?;
        Ok(cluster)
    };
    match &args.verb {
        MonitorVerb::Install(args) => {
            // What was typed is looked at before a credential plugin may run.
            let addressing = Addressing::read(&args.attempt.addressing)?;
            let targets = targets::parse(&args.targets, addressing.family)?;
            let carrier = args.carrier.as_deref().map(Carrier::new).transpose()?;
            let cluster = connect().await?;
            install::run(&cluster, args, &targets, &addressing, carrier).await
        }
        MonitorVerb::Status(args) => status::run(&connect().await?, args).await,
        MonitorVerb::Uninstall(args) => uninstall::run(&connect().await?, args).await,
    }
}

/// What kubectl says about what is not there.
fn absent(name: &str) -> anyhow::Error {
    Verbatim(format!("Error from server (NotFound): daemonsets.apps {name:?} not found")).into()
}
