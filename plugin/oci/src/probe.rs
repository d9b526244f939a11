//! The image of the probe.

use std::io;

use crate::{Carried, Image, ImageConfig, Layer};

/// The probe's program, in the root folder of its image.
pub const PROGRAM: &str = "kubectl-pods-probe";

/// The image of these probes, which are of this release: each program alone, static, so that nothing else has to be
/// there.
///
/// # Errors
///
/// When one of them is damaged.
pub fn probe(carried: &[Carried]) -> io::Result<Image> {
    let config = ImageConfig {
        title: PROGRAM,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        licenses: "Apache-2.0",
        entrypoint: vec![format!("/{PROGRAM}")],
        user: "65532:65532",
        port: None,
    };
    let layer =
        |probe: &Carried| Ok((probe.architecture, Layer::of_program(PROGRAM, &probe.compressed)?));
    Ok(Image::new(&config, carried.iter().map(layer).collect::<io::Result<_>>()?))
}
