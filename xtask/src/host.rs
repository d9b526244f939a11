//! What the machine itself must have, and how it gets it.

use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use nix::unistd::Uid;

use crate::interrupt::Undo;
use crate::progress::Progress;
use crate::{command, workspace};

/// A program we call, and the Debian package that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tool {
    /// A name looked up in `PATH` and the system folders, or an absolute path.
    program: &'static str,
    package: &'static str,
}

const fn tool(program: &'static str, package: &'static str) -> Tool {
    Tool { program, package }
}

/// Where Debian's containernetworking-plugins puts its programs.
pub(crate) const CNI_PLUGINS: &str = "/usr/lib/cni";

/// What compiles the parts of the cluster, Go aside.
pub(crate) const BUILD: &[Tool] = &[
    tool("gcc", "gcc"),
    tool("/usr/include/x86_64-linux-gnu/bits/libc-header-start.h", "libc6-dev"),
];

/// What a control plane needs.
pub(crate) const CONTROL_PLANE: &[Tool] =
    &[tool("openssl", "openssl"), tool("setsid", "util-linux")];

/// What a node needs beyond that.
pub(crate) const NODES: &[Tool] = &[
    tool("containerd", "containerd"),
    tool("ctr", "containerd"),
    tool("runc", "runc"),
    tool("/usr/lib/cni/bridge", "containernetworking-plugins"),
    tool("ip", "iproute2"),
    tool("iptables", "iptables"),
    tool("nft", "nftables"),
    tool("conntrack", "conntrack"),
    tool("nsenter", "util-linux"),
    tool("unshare", "util-linux"),
    tool("taskset", "util-linux"),
    tool("mount", "mount"),
];

/// What Cilium needs beyond that: it compiles its eBPF programs while it runs.
pub(crate) const CILIUM: &[Tool] = &[
    tool("clang-19", "clang-19"),
    tool("llc-19", "llvm-19"),
    tool("bpftool", "bpftool"),
    tool("ipset", "ipset"),
];

/// What scrapes the standing probe in the demo and the tests.
pub(crate) const PROMETHEUS: &[Tool] = &[tool("prometheus", "prometheus")];

/// What compiles and links C for arm64.
pub(crate) const ARM64: &[Tool] = &[
    tool("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"),
    tool("/usr/aarch64-linux-gnu/lib/libc.a", "libc6-dev-arm64-cross"),
];

/// What runs programs for arm64.
pub(crate) const EMULATOR: &[Tool] = &[tool("qemu-aarch64-static", "qemu-user-static")];

/// A registry that the tests push to: the one that Docker Hub began with.
pub(crate) const REGISTRY: &[Tool] = &[tool("docker-registry", "docker-registry")];

/// What the probe's tests make their small networks with, and start it in.
pub(crate) const LAB: &[Tool] = &[
    tool("ip", "iproute2"),
    tool("nft", "nftables"),
    tool("nsenter", "util-linux"),
    tool("setpriv", "util-linux"),
];

/// What takes Debian packages apart for the images.
pub(crate) const IMAGES: &[Tool] =
    &[tool("apt-get", "apt"), tool("apt-cache", "apt"), tool("dpkg-deb", "dpkg")];

/// Makes sure that every tool is there: on Debian and its kin, as root, by installing the packages
/// that have them.
///
/// # Errors
///
/// Elsewhere, when something is missing: the error names all of it and the command that installs it.
pub(crate) fn require(tools: &[&[Tool]]) -> Result<()> {
    let missing: Vec<Tool> = tools.concat().into_iter().filter(|tool| !present(*tool)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !is_root() || !is_there("apt-get") {
        bail!("{}", how_to_install(&missing));
    }
    install(&packages(&missing))?;
    let still: Vec<Tool> = missing.into_iter().filter(|tool| !present(*tool)).collect();
    if !still.is_empty() {
        bail!("after the installation: {}", how_to_install(&still));
    }
    Ok(())
}

/// Go builds Kubernetes, and no package of a stable Debian is new enough: it must be there already.
///
/// # Errors
///
/// When it is not, or too old.
pub(crate) fn require_go() -> Result<()> {
    const INSTALL: &str =
        "install Go 1.26 or newer (https://go.dev/doc/install) and put it in PATH";
    if !is_there("go") {
        bail!("go is missing: {INSTALL}");
    }
    let version = command::output(Command::new("go").args(["env", "GOVERSION"]))?;
    if is_too_old(&version) {
        bail!("{version} is too old: {INSTALL}");
    }
    Ok(())
}

/// Since 1.21, Go fetches the version that a go.mod asks for by itself (<https://go.dev/doc/toolchain>).
fn is_too_old(go: &str) -> bool {
    let mut numbers = go.trim_start_matches("go").split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < (1, 21),
        // A development version, a release candidate.
        _ => false,
    }
}

/// Namespaces, mounts and cgroups are root's.
///
/// # Errors
///
/// When we are someone else.
pub(crate) fn require_root(verb: &str) -> Result<()> {
    if is_root() {
        return Ok(());
    }
    bail!("`cargo xtask cluster {verb}` must run as root: it makes network namespaces and cgroups");
}

fn is_root() -> bool {
    Uid::effective().is_root()
}

fn present(tool: Tool) -> bool {
    // Every C library has its headers elsewhere; only Debian's place is known.
    let elsewhere = tool.package == "libc6-dev" && !is_there("apt-get");
    elsewhere || is_there(tool.program)
}

/// Whether `program` is an absolute path that exists, or is found in `PATH` or the system folders.
pub(crate) fn is_there(program: &str) -> bool {
    find(program).is_some()
}

/// Where `program` is.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let search = env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    let candidates = env::split_paths(&search).chain(system).map(|folder| folder.join(program));
    candidates.into_iter().find(|path| path.exists())
}

/// The packages of `tools`, each once, in the order they are first needed.
fn packages(tools: &[Tool]) -> Vec<&'static str> {
    let mut packages = Vec::new();
    for tool in tools {
        if !packages.contains(&tool.package) {
            packages.push(tool.package);
        }
    }
    packages
}

fn how_to_install(missing: &[Tool]) -> String {
    let programs: Vec<&str> = missing.iter().map(|tool| tool.program).collect();
    format!(
        "missing: {}; install them, on Debian with: sudo apt-get install -y {}",
        programs.join(", "),
        packages(missing).join(" ")
    )
}

/// `apt-get install`, with its log kept. A package index is fetched first only where one is lacking.
fn install(packages: &[&str]) -> Result<()> {
    let log = workspace::cache()?.join("apt-get.log");
    let progress = Progress::start(format!("installing {}", packages.join(" ")));
    if !have_candidates(packages) {
        progress.update("fetching the package index");
        apt_get(&["update"], &log)?;
    }
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(packages);
    let _quiet = NoServices::begin(Path::new(POLICY))?;
    apt_get(&arguments, &log)?;
    progress.done();
    Ok(())
}

/// What Debian's `invoke-rc.d` and `deb-systemd-invoke` ask whether a package may start its services.
const POLICY: &str = "/usr/sbin/policy-rc.d";
/// 101: the action is not allowed (policy-rc.d specification).
const NO_SERVICES: &str =
    "#!/bin/sh\n# Written by kubectl-pods' xtask while it installs packages.\nexit 101\n";

/// Keeps Debian's packages from starting their services (containerd, prometheus): we start our own, on addresses of our
/// own. A policy that is there already has its reasons, unless it is ours, from a run that was killed.
struct NoServices {
    policy: Option<(PathBuf, Undo)>,
}

impl NoServices {
    /// Best effort: without it the services run, which is a nuisance and no failure.
    fn begin(path: &Path) -> Result<Self> {
        if std::fs::read(path).is_ok_and(|policy| policy == NO_SERVICES.as_bytes()) {
            std::fs::remove_file(path)?;
        }
        let mut file = File::options();
        let file = file.write(true).create_new(true).mode(0o755).open(path);
        let written = file.and_then(|mut file| file.write_all(NO_SERVICES.as_bytes()));
        if written.is_err() {
            return Ok(Self { policy: None });
        }
        // Not before it is ours: what is somebody else's is never removed, at whatever moment we are interrupted.
        let undo = Undo::with([OsStr::new("rm"), OsStr::new("-f"), path.as_os_str()])?;
        Ok(Self { policy: Some((path.to_owned(), undo)) })
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if let Some((path, _undo)) = self.policy.take() {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Whether the package index knows a version of every one of `packages`.
fn have_candidates(packages: &[&str]) -> bool {
    let mut show = Command::new("apt-cache");
    // Succeeds if it knows any of them: what it prints has to tell.
    show.args(["show", "--no-all-versions"]).args(packages);
    let text = command::output(&mut show).unwrap_or_default();
    packages.iter().all(|package| text.lines().any(|line| line == format!("Package: {package}")))
}

fn apt_get(arguments: &[&str], log: &Path) -> Result<()> {
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let status = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()
        .context("cannot run apt-get")?;
    if !status.success() {
        let said = command::last_lines(&std::fs::read_to_string(log).unwrap_or_default(), 8);
        bail!("`apt-get {}` failed; log: {}\n{said}", arguments.join(" "), log.display());
    }
    Ok(())
}

/// Fetches the package index, where it does not know all of `packages`.
///
/// # Errors
///
/// When `apt-get update` is needed and fails.
pub(crate) fn require_package_index(packages: &[&str]) -> Result<()> {
    if have_candidates(packages) {
        return Ok(());
    }
    apt_get(&["update"], &workspace::cache()?.join("apt-get.log"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_once_and_one_command() {
        let missing =
            [tool("containerd", "containerd"), tool("ctr", "containerd"), tool("nft", "nftables")];
        let text = how_to_install(&missing);
        assert!(text.starts_with("missing: containerd, ctr, nft;"), "{text}");
        assert!(text.ends_with("apt-get install -y containerd nftables"), "{text}");
    }

    #[test]
    fn a_go_that_cannot_fetch_a_newer_one_is_too_old() {
        for (version, expected) in [
            ("go1.19.8", true),
            ("go1.20", true),
            ("go1.21.0", false),
            ("go1.26.8", false),
            ("go1.27rc1", false),
            ("devel go1.28-abcdef", false),
        ] {
            assert_eq!(is_too_old(version), expected, "{version}");
        }
    }

    #[test]
    fn services_are_held_back_for_as_long_as_packages_are_installed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("policy-rc.d");
        let read = || std::fs::read_to_string(&path).expect("a policy");
        // As a run that was killed leaves it.
        std::fs::write(&path, NO_SERVICES).expect("a file");
        let quiet = NoServices::begin(&path).expect("a policy of ours");
        assert_eq!(read(), NO_SERVICES);
        drop(quiet);
        assert!(!path.exists());
        std::fs::write(&path, "somebody else's").expect("a file");
        drop(NoServices::begin(&path).expect("nothing to do"));
        assert_eq!(read(), "somebody else's");
    }

    #[test]
    fn looks_in_path_and_takes_absolute_paths() {
        assert!(is_there("sh") && is_there("/bin/sh"));
        assert!(!is_there("no-such-program-anywhere") && !is_there("/no/such/file"));
    }
}
