//! `kubectl pods image …`.

use std::path::PathBuf;

use super::probe::DEFAULT_IMAGE;

/// Arguments of `image`.
#[derive(Debug, Clone, clap::Args)]
pub struct ImageArgs {
    /// What to do with the probe's image.
    #[command(subcommand)]
    pub verb: ImageVerb,
}

/// What to do with the probe's image.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum ImageVerb {
    /// Load it into a cluster on this machine: kind, k3d, minikube, or this machine's containerd
    #[command(
        after_help = "Examples:\n  kubectl pods image load\n  kubectl pods image load --containerd /run/containerd/containerd.sock"
    )]
    Load(LoadArgs),
    /// Write it as an OCI archive
    #[command(
        after_help = "Examples:\n  kubectl pods image save probe.tar\n  kubectl pods image save - | ssh node1 ctr -n k8s.io images import -"
    )]
    Save(SaveArgs),
    /// Push it to a registry, as whom docker login says
    #[command(
        after_help = "Example:\n  kubectl pods image push registry.example/tools/kubectl-pods-probe"
    )]
    Push(PushArgs),
}

/// Arguments of `image load`.
#[derive(Debug, Clone, clap::Args)]
pub struct LoadArgs {
    /// The name to load it under, which check, curl and monitor look for
    #[arg(long, value_name = "IMAGE", env = "KUBECTL_PODS_PROBE_IMAGE", hide_env_values = true,
          default_value = DEFAULT_IMAGE)]
    pub probe_image: String,
    /// Load it into the containerd at this socket, whatever the context is
    #[arg(long, value_name = "SOCKET")]
    pub containerd: Option<PathBuf>,
}

/// Arguments of `image save`.
#[derive(Debug, Clone, clap::Args)]
pub struct SaveArgs {
    /// Where to; - is standard output
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The name it is to have
    #[arg(long, value_name = "IMAGE", env = "KUBECTL_PODS_PROBE_IMAGE", hide_env_values = true,
          default_value = DEFAULT_IMAGE)]
    pub probe_image: String,
}

/// Arguments of `image push`.
#[derive(Debug, Clone, clap::Args)]
pub struct PushArgs {
    /// REGISTRY/NAME, and :TAG if it is not to be this release's version
    #[arg(value_name = "IMAGE")]
    pub image: String,
    /// Speak plain HTTP to the registry, as is done with one on localhost
    #[arg(long)]
    pub insecure: bool,
}
