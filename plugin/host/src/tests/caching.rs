//! The compile cache: a hit is believed only when this program wrote it, and nothing about it is ever an error.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use crate::{CachePlaces, Choice, Context, Guest, Limits, Places};

struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Loads a guest that compiles quickly through the cache; it must work whatever the cache is like.
    #[track_caller]
    fn load(&self) {
        let path = self.at("guest.wasm");
        fs::write(&path, super::loading::dummy(super::loading::CONTRACT, "table-guest"))
            .expect("writable");
        self.load_guest(&path.display().to_string());
    }

    #[track_caller]
    fn load_guest(&self, name: &str) -> Guest {
        let cache =
            CachePlaces { folder: self.at("cache/guests"), key: self.at("state/guests.key") };
        let places = Places { folders: Vec::new(), cache: Some(cache) };
        let choice: Choice = name.parse().expect("a name");
        Guest::load(&choice, &places, Limits::default()).expect("a cache is never an error")
    }

    /// Every cached file.
    fn files(&self) -> Vec<PathBuf> {
        let folders = fs::read_dir(self.at("cache/guests")).into_iter().flatten();
        let files = folders
            .flat_map(|folder| fs::read_dir(folder.expect("an entry").path()).expect("readable"));
        files.map(|file| file.expect("an entry").path()).collect()
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().expect("it is there").permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
}

/// Whether a file was written again: its content is replaced by rename, so the inode changes.
fn inode(path: &Path) -> u64 {
    std::os::unix::fs::MetadataExt::ino(&path.metadata().expect("it is there"))
}

#[test]
fn hit_is_not_written_again() {
    let home = Home::new();
    home.load_guest("by-node").open(&Context::default()).expect("by-node opens when compiled");
    let [file] = home.files().try_into().expect("one guest, one file");
    assert_eq!((mode(&home.at("state/guests.key")), mode(&file)), (0o600, 0o600));
    assert_eq!(mode(&home.at("cache/guests")), 0o700);
    let written = inode(&file);
    home.load_guest("by-node").open(&Context::default()).expect("by-node opens from the cache");
    assert_eq!((home.files(), inode(&file)), (vec![file], written));
}

#[test]
fn changed_files_are_compiled_again() {
    let home = Home::new();
    home.load();
    let [file] = home.files().try_into().expect("one guest, one file");
    let good = fs::read(&file).expect("readable");
    let flip = |place: usize| {
        let mut bytes = good.clone();
        bytes[place] ^= 1;
        bytes
    };
    let cases = [
        ("machine code", flip(good.len() / 2)),
        ("MAC", flip(30)),
        ("header", flip(0)),
        ("last byte", flip(good.len() - 1)),
        ("cut short", good[..good.len() / 2].to_vec()),
        ("cut into the MAC", good[..30].to_vec()),
        ("empty", Vec::new()),
    ];
    for (name, bytes) in cases {
        fs::write(&file, &bytes).expect("writable");
        home.load();
        assert_ne!(fs::read(&file).expect("readable"), bytes, "{name}: must be replaced");
    }
    // Another user's key is another MAC.
    fs::write(home.at("state/guests.key"), [7; 32]).expect("writable");
    let written = inode(&file);
    home.load();
    assert_ne!(inode(&file), written, "other key");
}

#[test]
fn places_that_others_can_write_are_not_used() {
    let cases: [(&str, &str, u32); 4] = [
        ("folder, all", "cache/guests", 0o777),
        ("folder, group", "cache/guests", 0o770),
        ("key, all", "state/guests.key", 0o666),
        ("key, group", "state/guests.key", 0o620),
    ];
    for (name, path, mode) in cases {
        let home = Home::new();
        home.load();
        let [file] = home.files().try_into().expect("one guest, one file");
        fs::write(&file, "not a guest").expect("writable");
        set_mode(&home.at(path), mode);
        home.load();
        assert_eq!(
            fs::read(&file).expect("readable"),
            b"not a guest",
            "{name}: neither read nor written"
        );
    }
}

#[test]
fn symlinks_and_unwritable_places_are_not_used() {
    let home = Home::new();
    fs::create_dir_all(home.at("cache")).expect("writable");
    fs::create_dir(home.at("elsewhere")).expect("writable");
    std::os::unix::fs::symlink(home.at("elsewhere"), home.at("cache/guests")).expect("a link");
    home.load();
    assert_eq!(fs::read_dir(home.at("elsewhere")).expect("readable").count(), 0);

    let home = Home::new();
    fs::write(home.at("cache"), "a file where a folder should be").expect("writable");
    home.load();
    assert_eq!(home.files(), Vec::<PathBuf>::new());
}
