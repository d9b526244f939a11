//! Debian's Rust compiler with the standard library of another target, for machines where rustup cannot add one.
//!
//! The packages are unpacked into the user's cache and run through their own loader and libc: nothing is installed, and
//! it does not matter how old the system is. The mirror is the one of the system's own apt sources.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{cache, command, progress::Progress, workspace};

const SUITE: &str = "sid";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Runs the unpacked compiler with the unpacked libraries, wherever the folder lies.
const WRAPPER: &str = r#"#!/bin/sh
root=$(dirname "$0")/root
exec "$root/lib64/ld-linux-x86-64.so.2" \
  --library-path "$root/usr/lib/x86_64-linux-gnu:$root/usr/lib" "$root/usr/bin/rustc" "$@"
"#;

/// A compiler of Debian's.
#[derive(Debug)]
pub(crate) struct DebianRust {
    /// What it is called in the cache.
    folder: &'static str,
    title: &'static str,
    packages: [&'static str; 2],
}

impl DebianRust {
    /// For `wasm32-unknown-unknown`.
    pub(crate) const WASM: Self = Self {
        folder: "wasm-toolchain",
        title: "Debian's Rust compiler for WebAssembly (260 MB)",
        packages: ["rustc", "libstd-rust-dev-wasm32"],
    };

    /// For `aarch64-unknown-linux-gnu`.
    pub(crate) const ARM64: Self = Self {
        folder: "arm64-toolchain",
        title: "Debian's Rust compiler for arm64 (290 MB)",
        packages: ["rustc", "libstd-rust-dev:arm64"],
    };

    fn fingerprint(&self) -> String {
        let packages = self.packages.join(" ");
        let inputs = [("suite", SUITE), ("packages", &packages), ("wrapper", WRAPPER)];
        oci::fingerprint(inputs.map(|(name, text)| (name, text.as_bytes())))
    }

    /// The compiler, if an earlier run unpacked it.
    ///
    /// # Errors
    ///
    /// When there is no cache folder.
    pub(crate) fn installed(&self) -> Result<Option<PathBuf>> {
        let folder = format!("debian-{}", &self.fingerprint()[..16]);
        let rustc = workspace::cache()?.join(self.folder).join(folder).join("rustc");
        Ok(Some(rustc).filter(|rustc| rustc.exists()))
    }

    /// The compiler, downloaded and unpacked if need be.
    ///
    /// # Errors
    ///
    /// When this is no Debian on x86-64, or the mirror does not have the packages.
    pub(crate) fn install(&self) -> Result<PathBuf> {
        let folder = cache::folder(self.folder, "debian", &self.fingerprint(), |folder| {
            let progress = Progress::start(format!("downloading {}", self.title));
            let archives = download(folder, &self.packages)?;
            progress.update("unpacking");
            unpack(&archives, &folder.join("root"))?;
            fs::remove_dir_all(folder.join("apt"))?;
            let rustc = folder.join("rustc");
            fs::write(&rustc, WRAPPER)?;
            fs::set_permissions(&rustc, fs::Permissions::from_mode(0o755))?;
            progress.done();
            Ok(())
        })?;
        Ok(folder.join("rustc"))
    }
}

/// Downloads the packages with an apt that knows nothing of the system's, and gives the folder they are in.
fn download(folder: &Path, packages: &[&str]) -> Result<PathBuf> {
    let apt = folder.join("apt");
    for part in [
        "etc/apt/preferences.d",
        "etc/apt/apt.conf.d",
        "var/lib/apt/lists/partial",
        "var/cache/apt/archives/partial",
        "var/lib/dpkg",
    ] {
        fs::create_dir_all(apt.join(part))?;
    }
    fs::write(apt.join("var/lib/dpkg/status"), "")?;
    let mirror = mirror().context("no Debian mirror in /etc/apt: this needs a Debian system")?;
    let source = format!("deb [arch=amd64,arm64 signed-by={KEYRING}] {mirror} {SUITE} main\n");
    fs::write(apt.join("etc/apt/sources.list"), source)?;
    let root = apt.display();
    // A mirror's index may be older than its promise; the signature is checked all the same.
    let config = format!(
        "Dir \"{root}\";\nDir::State::status \"{root}/var/lib/dpkg/status\";\nAPT::Architecture \"amd64\";\n\
         APT::Architectures {{\"amd64\"; \"arm64\";}};\n\
         APT::Sandbox::User \"root\";\nAcquire::Check-Valid-Until \"false\";\n"
    );
    let config_file = apt.join("apt.conf");
    fs::write(&config_file, config)?;
    let apt_get = || {
        let mut apt_get = Command::new("apt-get");
        apt_get.env("APT_CONFIG", &config_file).arg("--quiet");
        apt_get
    };
    command::run(apt_get().arg("update"))?;
    let install = ["install", "--yes", "--no-install-recommends", "--download-only"];
    command::run(apt_get().args(install).args(packages))?;
    Ok(apt.join("var/cache/apt/archives"))
}

/// Unpacks every package of a folder over a merged `/usr`.
fn unpack(archives: &Path, root: &Path) -> Result<()> {
    for folder in ["bin", "lib", "sbin", "lib64"] {
        fs::create_dir_all(root.join("usr").join(folder))?;
        symlink(format!("usr/{folder}"), root.join(folder))?;
    }
    for entry in fs::read_dir(archives)? {
        let package = entry?.path();
        if package.extension().is_some_and(|extension| extension == "deb") {
            let script = "dpkg-deb --fsys-tarfile \"$1\" | tar --extract --keep-directory-symlink --directory \"$2\"";
            command::run(
                Command::new("sh").args(["-c", script, "unpack"]).args([package.as_path(), root]),
            )?;
        }
    }
    Ok(())
}

/// The first Debian archive among the system's apt sources, of either syntax.
fn mirror() -> Option<String> {
    let parts = fs::read_dir("/etc/apt/sources.list.d")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let files = std::iter::once(PathBuf::from("/etc/apt/sources.list")).chain(parts);
    files.filter_map(|file| fs::read_to_string(file).ok()).find_map(|text| debian_archive(&text))
}

fn debian_archive(sources: &str) -> Option<String> {
    let lines =
        sources.lines().filter(|line| line.starts_with("deb ") || line.starts_with("URIs:"));
    let words = lines.flat_map(str::split_ascii_whitespace).map(|word| word.trim_end_matches('/'));
    let is_archive = |word: &&str| word.starts_with("http") && word.ends_with("/debian");
    words.into_iter().find(is_archive).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::debian_archive;

    #[test]
    fn mirror_of_both_syntaxes() {
        let cases = [
            (
                "# deb http://old.example/debian x main\ndeb [trusted=yes] https://a.example/debian/ trixie main\n",
                Some("https://a.example/debian"),
            ),
            (
                "Types: deb\nURIs: http://b.example/debian\nSuites: trixie\n",
                Some("http://b.example/debian"),
            ),
            ("deb https://c.example/debian-security trixie-security main\n", None),
            ("", None),
        ];
        for (sources, expected) in cases {
            assert_eq!(debian_archive(sources).as_deref(), expected, "{sources}");
        }
    }
}
