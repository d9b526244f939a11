//! The files of an image, and the layer they make.

use std::collections::BTreeMap;
use std::io;

use tar::{Builder, EntryType, Header};

/// What a path in an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A folder with its permission bits.
    Folder(u32),
    /// A file with its permission bits and content.
    File(u32, Vec<u8>),
    /// A symbolic link to this target.
    Link(String),
}

/// The files of an image by path, without leading slash. Everything belongs to root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileTree(BTreeMap<String, Node>);

impl FileTree {
    /// Adds `node` at `path`, and the folders above it where they are missing.
    pub fn add(&mut self, path: &str, node: Node) {
        let path = path.trim_matches('/');
        for (end, _) in path.match_indices('/') {
            self.0.entry(path[..end].to_owned()).or_insert(Node::Folder(0o755));
        }
        self.0.insert(path.to_owned(), node);
    }

    /// Adds a text file that everyone may read.
    pub fn text(&mut self, path: &str, content: impl Into<String>) {
        self.add(path, Node::File(0o644, content.into().into_bytes()));
    }

    /// As an uncompressed tar: image stores compress as they see fit, and compressors change.
    ///
    /// # Errors
    ///
    /// When a path is too long for tar.
    pub fn layer(&self) -> io::Result<Vec<u8>> {
        let mut archive = Builder::new(Vec::new());
        for (path, node) in &self.0 {
            let mut header = anonymous_header();
            match node {
                Node::Folder(mode) => {
                    header.set_entry_type(EntryType::Directory);
                    header.set_mode(*mode);
                    archive.append_data(&mut header, format!("{path}/"), io::empty())?;
                }
                Node::File(mode, content) => {
                    header.set_mode(*mode);
                    header.set_size(content.len() as u64);
                    archive.append_data(&mut header, path, content.as_slice())?;
                }
                Node::Link(target) => {
                    header.set_entry_type(EntryType::Symlink);
                    header.set_mode(0o777);
                    archive.append_link(&mut header, path, target)?;
                }
            }
        }
        archive.into_inner()
    }
}

/// Of a file of root's that is as old as time.
pub(crate) fn anonymous_header() -> Header {
    let mut header = Header::new_ustar();
    header.set_size(0);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}
