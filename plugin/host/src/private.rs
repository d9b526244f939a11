//! Files and folders that only this user can have written.

use std::{
    fs::{self, DirBuilder, Metadata},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::Path,
};

/// Makes a folder of mode 0700, or checks that the one there is a folder, ours, and writable by nobody else.
pub(super) fn folder(path: &Path) -> Option<()> {
    // An error means most often that it is there already; if not, the check below says no.
    let _ = DirBuilder::new().recursive(true).mode(0o700).create(path);
    let metadata = path.symlink_metadata().ok()?;
    (metadata.is_dir() && is_ours(&metadata)).then_some(())
}

/// Reads a regular file that is ours and writable by nobody else.
pub(super) fn read(path: &Path) -> Option<Vec<u8>> {
    let metadata = path.symlink_metadata().ok()?;
    if !(metadata.is_file() && is_ours(&metadata)) {
        return None;
    }
    fs::read(path).ok()
}

fn is_ours(metadata: &Metadata) -> bool {
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    metadata.uid() == rustix::process::geteuid().as_raw()
        && metadata.mode() & WRITABLE_BY_OTHERS == 0
}
