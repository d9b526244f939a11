//! Compiled guests, kept between runs: a start takes half a millisecond instead of a tenth of a second.
//!
//! A compiled guest is machine code that is run unchecked, so only what this user put there on this machine is believed:
//! every file carries a MAC under a key that lives elsewhere than the cache, which CI systems save and restore.
//! Whatever is wrong with the cache means compiling again and is no news.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::Write as _,
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use ring::{hmac, rand};
use sha2::{Digest as _, Sha256};
use wasmtime::{Engine, component::Component};

use super::{locate::CachePlaces, private};

/// First bytes of a cached file, before the MAC.
const HEADER: &[u8] = b"kubectl-pods guest 1\n";
/// Bytes of an HMAC-SHA-256.
const TAG: usize = 32;
/// Bytes of all files together, above which the least recently written ones are removed.
const LARGEST: u64 = 512 * 1024 * 1024;

/// The cache of one user, for one version of wasmtime with one set of settings.
pub(super) struct Cache {
    folder: PathBuf,
    key: hmac::Key,
}

impl Cache {
    /// Opens the cache, or gives up silently when it cannot be trusted.
    pub(super) fn open(places: &CachePlaces, engine: &Engine) -> Option<Self> {
        private::folder(&places.folder)?;
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let folder = places.folder.join(format!("{:016x}", hasher.finish()));
        private::folder(&folder)?;
        let key = key(&places.key)?;
        Some(Self { folder, key })
    }

    /// The compiled form of the guest whose file has these bytes.
    pub(super) fn load(&self, engine: &Engine, guest: &[u8]) -> Option<Component> {
        let file = private::read(&self.path(guest))?;
        let (tag, artifact) = file.strip_prefix(HEADER)?.split_at_checked(TAG)?;
        hmac::verify(&self.key, &signed(guest, artifact), tag).ok()?;
        #[expect(
            unsafe_code,
            reason = "the MAC proves that this program wrote the artifact for these bytes"
        )]
        // SAFETY: `artifact` is what `store` got from wasmtime, unchanged: its MAC was verified above.
        let component = unsafe { Component::deserialize(engine, artifact) };
        component.ok()
    }

    /// Keeps the compiled form of a guest, or does not.
    pub(super) fn store(&self, guest: &[u8], component: &Component) {
        let Ok(artifact) = component.serialize() else { return };
        let tag = hmac::sign(&self.key, &signed(guest, &artifact));
        // Written beside and renamed: a reader sees the old file or the new one, never a part.
        let written = tempfile::NamedTempFile::new_in(&self.folder).and_then(|mut file| {
            file.write_all(HEADER)?;
            file.write_all(tag.as_ref())?;
            file.write_all(&artifact)?;
            file.persist(self.path(guest)).map_err(|error| error.error)
        });
        if written.is_ok() {
            prune(&self.folder, LARGEST);
        }
    }

    fn path(&self, guest: &[u8]) -> PathBuf {
        let name = HEXLOWER.encode(&Sha256::digest(guest));
        self.folder.join(name).with_extension("cwasm")
    }
}

/// What the MAC covers: which guest, and what it was compiled to. Otherwise one cached guest could pose as another.
fn signed(guest: &[u8], artifact: &[u8]) -> Vec<u8> {
    let mut signed = Sha256::digest(guest).to_vec();
    signed.extend(Sha256::digest(artifact));
    signed
}

/// This user's key, made at first use.
fn key(path: &Path) -> Option<hmac::Key> {
    if !path.exists() {
        private::folder(path.parent()?)?;
        let secret: [u8; 32] = rand::generate(&rand::SystemRandom::new()).ok()?.expose();
        let mut file = tempfile::NamedTempFile::new_in(path.parent()?).ok()?;
        file.write_all(&secret).ok()?;
        // Another process may have been faster; then its key counts.
        let _ = file.persist_noclobber(path);
    }
    let secret = private::read(path)?;
    (secret.len() == 32).then(|| hmac::Key::new(hmac::HMAC_SHA256, &secret))
}

/// Removes the oldest files until the rest is below `largest` bytes.
fn prune(folder: &Path, largest: u64) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut files: Vec<_> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let metadata = entry.metadata().ok()?;
            Some((metadata.modified().ok()?, metadata.len(), entry.path()))
        })
        .collect();
    files.sort();
    let mut total: u64 = files.iter().map(|(_, size, _)| size).sum();
    for (_, size, path) in files {
        if total <= largest {
            return;
        }
        if fs::remove_file(path).is_ok() {
            total -= size;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    #[test]
    fn prune_removes_the_oldest_first() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (age, name) in ["old", "middle", "new"].into_iter().rev().enumerate() {
            let path = folder.path().join(name);
            fs::write(&path, [0; 10]).expect("writable");
            let modified =
                std::time::SystemTime::now() - std::time::Duration::from_secs(age as u64 * 60);
            fs::File::open(&path)
                .and_then(|file| file.set_modified(modified))
                .expect("a settable time");
        }
        super::prune(folder.path(), 25);
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .expect("readable")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["middle", "new"]);
    }
}
