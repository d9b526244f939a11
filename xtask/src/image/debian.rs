//! Programs out of Debian packages, taken apart without installing them: nothing is configured, nothing
//! starts.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use oci::{FileTree, Node};

use crate::progress::Progress;
use crate::{cache, command, host};

/// What the images are made of. The libraries these depend on come by themselves, but for the one that
/// is not called `lib…`.
const PACKAGES: [&str; 7] =
    ["apache2-bin", "busybox-static", "ca-certificates", "curl", "nginx", "nginx-common", "zlib1g"];

/// The C library's folder of an architecture.
const LIBRARIES: &str = "x86_64-linux-gnu";

/// What of busybox there is in an image, by names of its own.
const SHELL: [&str; 12] =
    ["cat", "chmod", "echo", "env", "gzip", "id", "ls", "nslookup", "sh", "sleep", "uname", "wget"];

/// Where programs look for what loads their libraries.
const LOADER: &str = "ld-linux-x86-64.so.2";

/// All files of the packages, in one folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DebianFiles {
    root: PathBuf,
    versions: String,
}

impl DebianFiles {
    /// From the cache, or fetched now in the versions apt offers. Later versions come when the folder
    /// is removed from the cache; until then nothing of the images changes.
    ///
    /// # Errors
    ///
    /// When there is no apt, or it cannot fetch.
    pub(crate) fn get() -> Result<Self> {
        let fingerprint = oci::fingerprint([("packages", PACKAGES.concat().as_bytes())]);
        let folder = cache::folder("images", "debian", &fingerprint, fetch)?;
        let versions = fs::read_to_string(folder.join("versions"))?;
        Ok(Self { root: folder.join("root"), versions })
    }

    /// The version of a package, such as `1.22.1-9+deb12u11`.
    pub(crate) fn version(&self, package: &str) -> Result<&str> {
        let mut lines = self.versions.lines().filter_map(|line| line.split_once(' '));
        let found = lines.find(|(name, _)| *name == package).map(|(_, version)| version);
        found.with_context(|| format!("{package} is not among the fetched packages"))
    }

    /// Every package with its version, a line each: what makes images different.
    pub(crate) fn versions(&self) -> &str {
        &self.versions
    }

    /// The content of the file at `path`.
    pub(crate) fn read(&self, path: &str) -> Result<Vec<u8>> {
        fs::read(self.locate(path)?).with_context(|| format!("cannot read {path}"))
    }

    /// Adds a program, what loads it, and its libraries.
    pub(crate) fn add_program(&self, tree: &mut FileTree, path: &str) -> Result<()> {
        tree.add(path, Node::File(0o755, self.read(path)?));
        let loader = self.loader()?;
        tree.add(&format!("lib64/{LOADER}"), Node::File(0o755, fs::read(&loader)?));
        for library in self.libraries(&loader, &self.locate(path)?)? {
            let name = library.file_name().context("a library has a name")?.to_string_lossy();
            let content = fs::read(&library)?;
            tree.add(&format!("lib/{LIBRARIES}/{name}"), Node::File(0o755, content));
        }
        Ok(())
    }

    /// Adds a file that everyone may read, at the same path.
    pub(crate) fn add_file(&self, tree: &mut FileTree, path: &str) -> Result<()> {
        tree.add(path, Node::File(0o644, self.read(path)?));
        Ok(())
    }

    /// Adds a static busybox and a few of its names, for `kubectl exec` and as every image with a shell has them.
    pub(crate) fn add_shell(&self, tree: &mut FileTree) -> Result<()> {
        tree.add("bin/busybox", Node::File(0o755, self.read("bin/busybox")?));
        for name in SHELL {
            tree.add(&format!("bin/{name}"), Node::Link("busybox".to_owned()));
        }
        Ok(())
    }

    /// Mozilla's authorities in one file, as `update-ca-certificates` would make it.
    pub(crate) fn authorities(&self) -> Result<String> {
        let folder = self.locate("usr/share/ca-certificates/mozilla")?;
        let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
        let paths: BTreeSet<PathBuf> = paths.collect::<Result<_>>()?;
        paths.iter().map(|path| Ok(fs::read_to_string(path)?)).collect()
    }

    /// A file by its path in an installed system. Since Debian 13 the packages have `/bin`, `/sbin` and
    /// `/lib` under `/usr`.
    fn locate(&self, path: &str) -> Result<PathBuf> {
        let candidates = [self.root.join(path), self.root.join("usr").join(path)];
        let found = candidates.into_iter().find(|candidate| candidate.exists());
        found.with_context(|| format!("no fetched package has {path}"))
    }

    fn loader(&self) -> Result<PathBuf> {
        self.locate(&format!("lib/{LIBRARIES}/{LOADER}"))
    }

    /// What the fetched loader finds for `program` among the fetched libraries.
    fn libraries(&self, loader: &Path, program: &Path) -> Result<Vec<PathBuf>> {
        let folders = ["lib", "usr/lib"].map(|folder| self.root.join(folder).join(LIBRARIES));
        let search = format!("{}:{}", folders[0].display(), folders[1].display());
        let mut list = Command::new(loader);
        list.args(["--inhibit-cache", "--library-path", &search, "--list"]).arg(program);
        let libraries = listed(&command::output(&mut list)?)?;
        for library in &libraries {
            let known = library.starts_with(&self.root);
            ensure!(known, "{} would be of this machine", library.display());
        }
        Ok(libraries)
    }
}

/// The libraries in what the loader lists: `libc.so.6 => /path/libc.so.6 (0x…)`.
fn listed(text: &str) -> Result<Vec<PathBuf>> {
    let mut libraries = Vec::new();
    for line in text.lines() {
        let Some((name, found)) = line.trim().split_once(" => ") else { continue };
        let Some((path, _address)) = found.rsplit_once(" (") else {
            bail!("library {name}: {found}");
        };
        libraries.push(PathBuf::from(path));
    }
    Ok(libraries)
}

fn fetch(folder: &Path) -> Result<()> {
    host::require(&[host::IMAGES])?;
    let progress = Progress::start("fetching Debian packages for the images");
    host::require_package_index(&PACKAGES)?;
    let packages = with_libraries(PACKAGES.map(str::to_owned))?;
    progress.update(format!("{} packages", packages.len()));
    let (archives, root) = (folder.join("archives"), folder.join("root"));
    fs::create_dir(&archives)?;
    fs::create_dir(&root)?;
    let mut download = Command::new("apt-get");
    // Unpacking is ours, so apt's own user needs no access to the folder.
    download.args(["--quiet", "-o", "APT::Sandbox::User=root", "download"]).args(&packages);
    command::run(download.current_dir(&archives)).context("cannot fetch Debian packages")?;
    let mut versions = Vec::new();
    for entry in fs::read_dir(&archives)? {
        let archive = entry?.path();
        command::run(Command::new("dpkg-deb").arg("--extract").args([&archive, &root]))?;
        versions.push(name_and_version(&archive)?);
    }
    versions.sort();
    fs::write(folder.join("versions"), versions.join("\n"))?;
    cache::remove_folder(&archives)?;
    progress.done();
    Ok(())
}

fn name_and_version(archive: &Path) -> Result<String> {
    let mut show = Command::new("dpkg-deb");
    show.args(["--show", "--showformat", "${Package} ${Version}"]);
    command::output(show.arg(archive))
}

/// The packages and all libraries they depend on. What else they depend on, such as Perl for their
/// maintainers' scripts, no image needs.
fn with_libraries(packages: [String; 7]) -> Result<BTreeSet<String>> {
    let mut all = BTreeSet::from(packages);
    let mut new: Vec<String> = all.iter().cloned().collect();
    while !new.is_empty() {
        let mut depends = Command::new("apt-cache");
        depends.args(["depends", "--no-recommends", "--no-suggests", "--no-enhances"]);
        let text = command::output(depends.args(&new))?;
        new = libraries_depended_on(&text).filter(|package| !all.contains(package)).collect();
        all.extend(new.iter().cloned());
    }
    Ok(all)
}

/// Library packages in what `apt-cache depends` prints: `  Depends: libc6`, first alternatives only.
fn libraries_depended_on(text: &str) -> impl Iterator<Item = String> {
    let names = text.lines().filter_map(|line| {
        let (kind, name) = line.trim_start().split_once(": ")?;
        (kind.ends_with("Depends") && name.starts_with("lib")).then(|| name.to_owned())
    });
    names.collect::<BTreeSet<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_the_loader_lists() {
        let text = "\tlinux-vdso.so.1 (0x00007ffc)\n\tlibc.so.6 => /root/lib/libc.so.6 (0x00007f)\n\t/lib64/ld-linux-x86-64.so.2 (0x7f)\n";
        assert_eq!(listed(text).unwrap(), [PathBuf::from("/root/lib/libc.so.6")]);
        let error = listed("\tlibz.so.1 => not found\n").unwrap_err();
        assert_eq!(error.to_string(), "library libz.so.1: not found");
    }

    #[test]
    fn only_libraries_are_followed() {
        let text = "curl\n  Depends: libc6\n  PreDepends: libz\n |Depends: debconf\n  Conflicts: libx\n  Depends: <libvirtual>\n  Depends: libc6\n";
        let names: Vec<String> = libraries_depended_on(text).collect();
        assert_eq!(names, ["libc6", "libz"]);
    }
}
