//! The one layer of an image.

use std::io::{self, Read as _, Write as _};

use flate2::{Compression, bufread::MultiGzDecoder, write::GzEncoder};

use crate::{FileTree, sha256, tree::Node};

/// Bytes that a tar archive consists of.
const BLOCK: usize = 512;

/// A layer as it is stored, and the digest of what it unpacks to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    pub(crate) kind: &'static str,
    pub(crate) blob: Vec<u8>,
    pub(crate) diff_id: String,
}

impl Layer {
    /// Uncompressed: image stores compress as they see fit, and compressors change.
    ///
    /// # Errors
    ///
    /// When a path is too long for tar.
    pub fn plain(files: &FileTree) -> io::Result<Self> {
        let blob = files.layer()?;
        let diff_id = sha256(&blob);
        Ok(Self { kind: "layer.v1.tar", blob, diff_id })
    }

    /// Of one program at `path`, compressed already. It is not compressed again: gzip files that follow one another are
    /// one gzip file, so the blob is what stands before the program in the tar archive, the program, and what follows.
    ///
    /// # Errors
    ///
    /// When `compressed` is no gzip file.
    pub fn of_program(path: &str, compressed: &[u8]) -> io::Result<Self> {
        let mut program = Vec::new();
        MultiGzDecoder::new(compressed).read_to_end(&mut program)?;
        let length = program.len();
        let mut files = FileTree::default();
        files.add(path, Node::File(0o755, program));
        let tar = files.layer()?;
        let (head, rest) = tar.split_at(BLOCK);
        let blob = [&gzip(head)?, compressed, &gzip(&rest[length..])?].concat();
        Ok(Self { kind: "layer.v1.tar+gzip", blob, diff_id: sha256(&tar) })
    }
}

/// `bytes` as a gzip file without name and time.
///
/// # Errors
///
/// Never in memory; what writers may say.
pub(crate) fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compressed_program_makes_the_layer_that_it_would_make_itself() {
        for length in [0, 1, 511, 512, 100_000] {
            let program = vec![7; length];
            let layer = Layer::of_program("probe", &gzip(&program).unwrap()).unwrap();
            let mut files = FileTree::default();
            files.add("probe", Node::File(0o755, program));
            let mut unpacked = Vec::new();
            MultiGzDecoder::new(layer.blob.as_slice()).read_to_end(&mut unpacked).unwrap();
            assert_eq!(unpacked, files.layer().unwrap(), "{length}");
            assert_eq!(layer.diff_id, Layer::plain(&files).unwrap().diff_id, "{length}");
        }
    }

    #[test]
    fn what_is_not_compressed_is_refused() {
        assert!(Layer::of_program("probe", b"\x7fELF").is_err());
    }
}
