//! Cilium's agent, operator and CNI plugin, with its eBPF sources and a compiler for them.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::go::GoModule;
use crate::{cache, command, host};

const MODULE: &str = "github.com/cilium/cilium";
/// Changes when [`make`] does.
const RECIPE: &str = "1: /run/modules, clang-19, llc-19";

/// A kernel without loadable modules has no `/proc/modules`, and Cilium insists on reading it.
const MODULES_READER: &str = "pkg/datapath/linux/modules/modules_linux.go";

/// Stricter in its warnings than the clang 17 that Cilium was written for.
const CLANG: &str = "#!/bin/sh\nexec clang-19 \"$@\" -Wno-error -Wno-everything\n";

/// Builds Cilium where it is not in the cache. The folder has the programs, `lib/bpf` with what the
/// agent compiles, and `tools` with what it compiles it with.
pub(crate) fn build() -> Result<PathBuf> {
    let module = GoModule::find("cilium")?.argument("-tags=osusergo,ipam_provider_operator");
    module.build("Cilium", RECIPE, make)
}

fn make(module: &GoModule, folder: &Path) -> Result<()> {
    let source = folder.join("source");
    copy_writable(&module.source_of(MODULE)?, &source)?;
    patch(&source)?;
    let go_mod = folder.join("go.mod");
    fs::write(&go_mod, format!("{}\nreplace {MODULE} => {}\n", module.text(), source.display()))?;
    fs::copy(module.folder().join("go.sum"), folder.join("go.sum"))?;
    // The patched copy is another module to Go, so go.mod may have to be completed: -mod=mod.
    let patched = module.clone().argument("-mod=mod");
    patched.argument(format!("-modfile={}", go_mod.display())).compile_tools(folder)?;
    fs::create_dir(folder.join("lib"))?;
    fs::rename(source.join("bpf"), folder.join("lib/bpf"))?;
    cache::remove_folder(&source)?;
    tools(&folder.join("tools"))
}

fn copy_writable(from: &Path, to: &Path) -> Result<()> {
    command::run(Command::new("cp").arg("--recursive").args([from, to]))?;
    command::run(Command::new("chmod").args(["--recursive", "u+w"]).arg(to))
}

fn patch(source: &Path) -> Result<()> {
    let path = source.join(MODULES_READER);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let patched = text.replace("\"/proc/modules\"", "\"/run/modules\"");
    ensure!(
        patched != text,
        "{MODULES_READER} no longer reads /proc/modules: is the patch needed?"
    );
    fs::write(&path, patched)?;
    Ok(())
}

fn tools(folder: &Path) -> Result<()> {
    fs::create_dir(folder)?;
    let clang = folder.join("clang");
    fs::write(&clang, CLANG)?;
    fs::set_permissions(&clang, fs::Permissions::from_mode(0o755))?;
    let llc = host::find("llc-19").context("llc-19 is missing")?;
    symlink(llc, folder.join("llc"))?;
    Ok(())
}
