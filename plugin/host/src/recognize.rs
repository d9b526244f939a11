//! What a file is, before anything is compiled: a component, a core module that can be made one, or something to refuse.

use std::borrow::Cow;

use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER;
use wasmparser::{Parser, Payload};
use wasmtime::Engine;
use wit_component::ComponentEncoder;

use super::imports;

/// Why a file is no guest.
#[derive(Debug, thiserror::Error)]
pub enum NoGuest {
    /// Zero bytes.
    #[error("it is empty")]
    Empty,
    /// Machine code: it would run outside of the sandbox.
    #[error("it is a precompiled artifact, which is never run; give the .wasm it was made from")]
    Precompiled,
    /// Text in the WebAssembly text format or any other.
    #[error("it is {0}, not WebAssembly")]
    Other(&'static str),
    /// Starts as WebAssembly and breaks off, or is nonsense inside.
    #[error("it is damaged or cut short: {0}")]
    Damaged(String),
    /// A core module without component type.
    #[error(
        "it is a core WebAssembly module that does not say what it exports; build it with the kpods-guest SDK"
    )]
    Core,
    /// A core module with an import that the component type does not explain.
    #[error(transparent)]
    Import(#[from] imports::Refused),
    /// A core module whose exports do not fit its component type.
    #[error("its core module cannot be made a component: {0}")]
    Componentize(String),
}

/// The component in `bytes`; a core module that carries a component type is wrapped into one.
pub(super) fn component(bytes: &[u8]) -> Result<Cow<'_, [u8]>, NoGuest> {
    if bytes.is_empty() {
        return Err(NoGuest::Empty);
    }
    if Engine::detect_precompiled(bytes).is_some() {
        return Err(NoGuest::Precompiled);
    }
    if !bytes.starts_with(b"\0asm") {
        return Err(NoGuest::Other(describe(bytes)));
    }
    if Parser::is_component(bytes) {
        return Ok(Cow::Borrowed(bytes));
    }
    if !Parser::is_core_wasm(bytes) {
        return Err(NoGuest::Damaged("unknown version of WebAssembly".into()));
    }
    componentize(bytes).map(Cow::Owned)
}

/// The word for files that people give by mistake.
fn describe(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x7f, b'E', b'L', b'F', ..] => "a native program",
        [0x1f, 0x8b, ..] => "a gzip archive",
        [b'P', b'K', 3, 4, ..] => "a zip archive",
        bytes if bytes.trim_ascii_start().starts_with(b"(") => "WebAssembly text",
        bytes if std::str::from_utf8(bytes).is_ok() => "a text file",
        _ => "a file of unknown kind",
    }
}

fn componentize(module: &[u8]) -> Result<Vec<u8>, NoGuest> {
    let (mut typed, mut first_wasi) = (false, false);
    for payload in Parser::new(0).parse_all(module) {
        match payload.map_err(|error| NoGuest::Damaged(error.to_string()))? {
            Payload::CustomSection(section) => {
                typed |= section.name().starts_with("component-type");
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.map_err(|error| NoGuest::Damaged(error.to_string()))?;
                    imports::check_core(import.module, import.name)?;
                    first_wasi |= import.module == imports::PREVIEW_1;
                }
            }
            _ => {}
        }
    }
    if !typed {
        return Err(NoGuest::Core);
    }
    wrap(module, first_wasi).map_err(|error| NoGuest::Componentize(format!("{error:#}")))
}

/// Makes a component of a core module; one that imports the first WASI gets what makes that the second.
fn wrap(module: &[u8], first_wasi: bool) -> anyhow::Result<Vec<u8>> {
    let mut encoder = ComponentEncoder::default().validate(true).module(module)?;
    if first_wasi {
        encoder = encoder.adapter(imports::PREVIEW_1, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER)?;
    }
    encoder.encode()
}
