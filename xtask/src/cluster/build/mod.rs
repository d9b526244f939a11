//! The programs of a cluster, built from source by Go and kept in the user's cache.

mod cilium;
mod go;

use std::path::PathBuf;

use anyhow::Result;

use super::{Cni, Options};
use crate::host;
use go::GoModule;

/// Where the programs of a cluster are: one folder per Go module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Programs {
    /// etcd, the Kubernetes components, CoreDNS, and kubectl.
    pub(crate) kubernetes: PathBuf,
    pub(crate) cilium: Option<PathBuf>,
}

impl Programs {
    /// The folders, which change their names with what they were built from.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        std::iter::once(&self.kubernetes).chain(&self.cilium).cloned().collect()
    }
}

/// Builds what is not in the cache yet.
///
/// # Errors
///
/// When Go or a compiler is missing and cannot be installed, or a build fails.
pub(crate) fn build(options: &Options) -> Result<Programs> {
    host::require_go()?;
    if options.cni == Cni::Cilium {
        host::require(&[host::CILIUM])?;
    }
    Ok(Programs {
        kubernetes: kubernetes()?,
        cilium: (options.cni == Cni::Cilium).then(cilium::build).transpose()?,
    })
}

fn kubernetes() -> Result<PathBuf> {
    let module = GoModule::find("kubernetes")?;
    let version = module.required_version("k8s.io/kubernetes")?.to_owned();
    let mut numbers = version.trim_start_matches('v').split('.');
    let package = "k8s.io/component-base/version";
    let flags = format!(
        "-s -w -X {package}.gitVersion={version} -X {package}.gitMajor={} -X {package}.gitMinor={}",
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    );
    module.linker_flags(flags).build("Kubernetes", "etcd", |module, folder| {
        module.compile_tools(folder)?;
        // The tool is named after its folder, go.etcd.io/etcd/server.
        Ok(std::fs::rename(folder.join("server"), folder.join("etcd"))?)
    })
}

/// Where Go has the source of Kubernetes.
///
/// # Errors
///
/// When there is no Go, or it cannot fetch it.
pub(crate) fn kubernetes_source() -> Result<PathBuf> {
    host::require_go()?;
    GoModule::find("kubernetes")?.source_of("k8s.io/kubernetes")
}
