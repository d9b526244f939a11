//! The programs of a cluster, built from source by Go and kept in the user's cache.

mod cilium;

use std::path::PathBuf;

use anyhow::Result;

use super::{Cni, Options};
use crate::go::{self, GoModule};
use crate::host;

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
    let module = GoModule::find(go::KUBERNETES)?;
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
