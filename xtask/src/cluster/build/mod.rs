//! The programs of a cluster, built from source by Go and kept in the user's cache.

mod cilium;
mod go;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Cni, Options};
use crate::{command, host};
use go::GoModule;

/// Where the programs of a cluster are: one folder per Go module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Programs {
    /// etcd, the Kubernetes components, kubectl, and pause.
    pub(crate) kubernetes: PathBuf,
    pub(crate) coredns: PathBuf,
    pub(crate) cilium: Option<PathBuf>,
}

impl Programs {
    /// The folders, which change their names with what they were built from.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        [&self.kubernetes, &self.coredns].into_iter().chain(&self.cilium).cloned().collect()
    }
}

/// Builds what is not in the cache yet.
///
/// # Errors
///
/// When Go or a compiler is missing and cannot be installed, or a build fails.
pub(crate) fn build(options: &Options) -> Result<Programs> {
    host::require_go()?;
    host::require(&[host::BUILD])?;
    if options.cni == Cni::Cilium {
        host::require(&[host::CILIUM])?;
    }
    Ok(Programs {
        kubernetes: kubernetes()?,
        coredns: coredns()?,
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
    module.linker_flags(flags).build("Kubernetes", "pause", |module, folder| {
        module.compile_tools(folder)?;
        // The tool is named after its folder, go.etcd.io/etcd/server.
        std::fs::rename(folder.join("server"), folder.join("etcd"))?;
        pause(module, folder)
    })
}

/// Kubernetes has the source of its pause container beside its own.
fn pause(module: &GoModule, folder: &Path) -> Result<()> {
    let source = module.source_of("k8s.io/kubernetes")?.join("build/pause/linux/pause.c");
    let mut gcc = Command::new("gcc");
    gcc.args(["-Os", "-static", "-s", "-DVERSION=3.10", "-o"])
        .arg(folder.join("pause"))
        .arg(source);
    command::run(&mut gcc).context("cannot compile pause")
}

fn coredns() -> Result<PathBuf> {
    let module = GoModule::find("coredns")?;
    module.build("CoreDNS", "", GoModule::compile_tools)
}
