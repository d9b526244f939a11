//! Images in the formats of the Open Container Initiative, as pure functions of their content: same files, same digest.
//! And the probes that a plugin carries at its end, of which one such image is made.
//!
//! - [`FileTree`], [`Layer`]: what is in an image. [`Image`]: its blobs and manifests, as a registry wants them.
//! - [`archive()`]: the same in one file, as container runtimes load it.
//! - [`carried`]: probes attached to an executable, and read again. [`mod@probe`]: their image.

mod architecture;
mod archive;
pub mod carried;
mod digest;
mod image;
mod layer;
mod probe;
mod tree;

pub use architecture::Architecture;
pub use archive::{Packed, archive};
pub use carried::Carried;
pub use digest::{fingerprint, sha256};
pub use image::{Blob, Image, ImageConfig};
pub use layer::Layer;
pub use probe::{PROGRAM, probe};
pub use tree::{FileTree, Node};
