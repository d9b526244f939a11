//! A second build builds nothing, and an image made anew is the same.

use std::env;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum as _;
use oci::Architecture;
use serde_json::json;

use super::super::{Options, start};
use super::shell::{path_with, xtask};
use crate::image::{self, Image};
use crate::interrupt::Scratch;
use crate::{command, host, workspace};

/// What compiles, fetches or unpacks. In a second build each of these fails.
const BUILDERS: [&str; 6] = ["apt-get", "cc", "clang-19", "dpkg-deb", "gcc", "ld"];

/// Go may say its version and where a module's source is, and nothing else.
const GO: &str = r#"#!/bin/sh
case "$1 $2" in
"version "*|"env GOVERSION"|"mod download") exec "$GO_ITSELF" "$@" ;;
esac
echo "a second build called: go $*" >&2
exit 1
"#;

const FORBIDDEN: &str = "#!/bin/sh\necho \"a second build called: $0 $*\" >&2\nexit 1\n";

/// Builds what `options` needs, then again: without compilers, here and in another checkout. The probe is left out there,
/// since it is each checkout's own.
pub(super) fn second_build_builds_nothing(options: &Options) -> Result<()> {
    let folder = Scratch::new()?;
    let (tools, checkout) = (folder.path().join("tools"), folder.path().join("checkout"));
    let made = start::prepare(options)?.paths();
    let before = stamps(&made)?;
    again_builds_nothing(options)?;
    forbid(&tools)?;
    copy(&["tests/cluster"], &checkout)?;
    let programs = ["cluster", "build", "--control-plane-only"];
    command::run(&mut without_builders(&tools, &checkout, &programs)?)?;
    let out = folder.path().join("images").display().to_string();
    let images = ["image", "build", "--out", &out, "pause", "nginx", "httpd", "curl"];
    let listed = command::output(&mut without_builders(&tools, &checkout, &images)?)?;
    for image in [Image::Pause, Image::Nginx, Image::Httpd, Image::Curl] {
        let line = format!("{} {}", image::get(image)?.digest, image.reference());
        ensure!(listed.contains(&line), "another checkout has other images than {line}: {listed}");
    }
    ensure!(stamps(&made)? == before, "a second build wrote files of the first");
    Ok(())
}

/// Builds what `options` needs, which was built before, without compilers.
pub(super) fn again_builds_nothing(options: &Options) -> Result<()> {
    let folder = Scratch::new()?;
    forbid(folder.path())?;
    let cni = options.cni.to_possible_value().context("it has a name")?;
    let nodes = options.nodes.to_string();
    let again = ["cluster", "build", "--nodes", &nodes, "--cni", cni.get_name()];
    command::run(&mut without_builders(folder.path(), workspace::root(), &again)?)
}

/// Programs and images, each with what changes when it is written anew.
fn stamps(paths: &[PathBuf]) -> Result<Vec<(u64, i64, i64)>> {
    let stamp = |path: &PathBuf| {
        let found = fs::metadata(path).with_context(|| path.display().to_string())?;
        Ok((found.ino(), found.mtime(), found.mtime_nsec()))
    };
    paths.iter().map(stamp).collect()
}

/// Puts programs into `tools` that say what they were called for, and fail.
fn forbid(tools: &Path) -> Result<()> {
    fs::create_dir_all(tools)?;
    for (name, script) in BUILDERS.map(|name| (name, FORBIDDEN)).into_iter().chain([("go", GO)]) {
        let path = tools.join(name);
        fs::write(&path, script)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

fn without_builders(tools: &Path, checkout: &Path, words: &[&str]) -> Result<Command> {
    let go = host::find("go").context("there is no go")?;
    let mut command = xtask(words)?;
    command.env("PATH", path_with(tools)?).env("GO_ITSELF", go);
    // What cargo tells a program that it runs: which checkout it is of.
    command.env("CARGO_MANIFEST_DIR", checkout.join("xtask"));
    Ok(command)
}

/// As much of another checkout as something is made from.
fn copy(parts: &[&str], checkout: &Path) -> Result<()> {
    for part in parts {
        let to = checkout.join(part);
        fs::create_dir_all(to.parent().unwrap_or(checkout))?;
        command::run(Command::new("cp").arg("-r").arg(workspace::root().join(part)).arg(to))?;
    }
    Ok(())
}

/// Makes each image anew from its recipe, in new folders, and compares it with the one in the cache.
pub(super) fn images_are_reproducible() -> Result<()> {
    for image in Image::FOR_NODES {
        let name = image.reference();
        let cached = image::get(image)?;
        let anew = image::make(image)?;
        let digest = &cached.digest;
        ensure!(anew.digest == *digest, "{name} made anew is {}, not {digest}", anew.digest);
        ensure!(anew.bytes == fs::read(&cached.path)?, "{name} made anew is another archive");
    }
    Ok(())
}

/// The probe for arm64 runs: an emulator stands for the processor, and the system below it is this one. It is asked
/// whether a port of this machine is open.
pub(super) fn probe_runs_on_arm64() -> Result<()> {
    host::require(&[host::EMULATOR])?;
    let probes = image::carried(&[Architecture::Arm64])?;
    let folder = Scratch::new()?;
    let program = folder.path().join("probe");
    fs::write(&program, probes[0].program()?)?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let plan = json!({ "version": WIRE_VERSION, "checks": [{
        "id": 0, "target": "here", "host": "127.0.0.1",
        "ask": { "protocol": "tcp", "port": listener.local_addr()?.port() },
        "limits": { "connect_seconds": 10.0, "total_seconds": 10.0 },
    }]});
    let plan_file = folder.path().join("plan.json");
    fs::write(&plan_file, plan.to_string())?;
    let mut probe = Command::new("qemu-aarch64-static");
    probe.arg(&program).args(["run", "--plan"]).arg(&plan_file);
    let said = command::output(&mut probe)?;
    ensure!(said.contains(r#""observation":"open""#), "it saw: {said}");
    Ok(())
}

/// Version of the plans that it reads: `kubectl_pods_report::WIRE_VERSION`.
const WIRE_VERSION: u32 = 1;

/// What cargo reads before it builds the probe.
const CARGO_INPUTS: [&str; 9] = [
    "Cargo.toml",
    "Cargo.lock",
    "plugin",
    "probe",
    "report",
    "tests",
    "wasm-guests",
    "xtask",
    "LICENSE",
];

/// The probe being built in another folder, with nothing built before, by what the other steps leave of the CPUs.
pub(super) struct Elsewhere {
    build: Child,
    folder: Scratch,
}

impl Elsewhere {
    const LISTED: &str = "listed";

    /// Starts the build.
    pub(super) fn begin() -> Result<Self> {
        let folder = Scratch::new()?;
        let checkout = folder.path().join("checkout");
        copy(&CARGO_INPUTS, &checkout)?;
        let mut build = Command::new("nice");
        build.args(["-n", "19"]).arg(env::current_exe()?).args(["image", "build", "--out"]);
        build.arg(folder.path().join("images")).arg("probe");
        build.env("CARGO_MANIFEST_DIR", checkout.join("xtask"));
        build.env("CARGO_TARGET_DIR", folder.path().join("target"));
        build.stdin(Stdio::null()).stdout(File::create(folder.path().join(Self::LISTED))?);
        let log = File::create(folder.path().join("log"))?;
        Ok(Self { build: build.stderr(log).spawn()?, folder })
    }

    /// Waits for it: it is the probe that was built here.
    pub(super) fn finish(mut self) -> Result<()> {
        let status = self.build.wait()?;
        let read = |name| fs::read_to_string(self.folder.path().join(name));
        ensure!(status.success(), "its build ended with {status}:\n{}", read("log")?);
        let listed = read(Self::LISTED)?;
        let line = format!("{} {}", image::get(Image::Probe)?.digest, Image::Probe.reference());
        ensure!(listed.contains(&line), "built in another folder it is not {line}: {listed}");
        Ok(())
    }
}

/// Where another step failed, it is of no use any more.
impl Drop for Elsewhere {
    fn drop(&mut self) {
        let _ = self.build.kill();
        let _ = self.build.wait();
    }
}
