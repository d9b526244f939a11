//! Which imports a guest may have, and which contract it speaks. Decided from its type, before any of its code runs.

use wasmtime::{Engine, component::Component};

/// The package of the contract, and the track we speak: 0.1.x.
const PACKAGE: &str = "kpods:guest/";
const TRACK: (u64, u64) = (0, 1);

/// The module that carries the first WASI, which core modules import function by function.
pub(super) const PREVIEW_1: &str = "wasi_snapshot_preview1";

/// What a guest makes of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuestKind {
    /// Lines of cells.
    Table,
    /// Bytes of a declared media type.
    Document,
}

/// Why a component is not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// An import that the sandbox does not have.
    #[error(
        "it imports {0}, which guests do not get; allowed are kpods:guest/host and kpods:guest/types only"
    )]
    Foreign(String),
    /// An interface of a later contract, or of none.
    #[error("it imports {0}, which this kubectl pods does not offer; upgrade kubectl pods")]
    Unknown(String),
    /// A newer contract than ours.
    #[error("it speaks kpods:guest {0}, this kubectl pods speaks {major}.{minor}; upgrade kubectl pods", major = TRACK.0, minor = TRACK.1)]
    Newer(String),
    /// An older contract than any that we know.
    #[error("it speaks kpods:guest {0}, this kubectl pods speaks {major}.{minor}; rebuild the guest with a newer SDK", major = TRACK.0, minor = TRACK.1)]
    Older(String),
    /// A kind of guest that is part of the contract, but not of this version.
    #[error(
        "it exports kpods:guest/raw-objects, which this version of kubectl pods does not run yet; use the table world"
    )]
    Raw,
    /// Nothing that could be called.
    #[error(
        "it exports neither kpods:guest/table nor kpods:guest/document, so there is nothing to call"
    )]
    NoExport,
}

/// What the type of a component says.
pub(super) struct Checked {
    pub(super) kind: GuestKind,
    /// Whether it imports WASI, for which there are stand-ins.
    pub(super) wasi: bool,
}

/// Checks the imports and exports of a component.
pub(super) fn check(component: &Component, engine: &Engine) -> Result<Checked, Refused> {
    let ty = component.component_type();
    let mut wasi = false;
    for (name, _) in ty.imports(engine) {
        wasi |= name.starts_with("wasi:");
        check_import(name)?;
    }
    let exports = ty.exports(engine).filter_map(|(name, _)| interface(name));
    let mut kinds = Vec::new();
    for (name, version) in exports {
        check_version(version)?;
        kinds.push(name.to_owned());
    }
    let has = |name: &str| kinds.iter().any(|kind| kind == name);
    let kind = match () {
        () if has("table") => GuestKind::Table,
        () if has("document") => GuestKind::Document,
        () if has("raw-objects") => return Err(Refused::Raw),
        () => return Err(Refused::NoExport),
    };
    Ok(Checked { kind, wasi })
}

/// Checks an import of a core module that is about to become a component.
pub(super) fn check_core(module: &str, name: &str) -> Result<(), Refused> {
    let module = module.strip_prefix("[export]").unwrap_or(module);
    // Empty and `$root` are the canonical ABI's own.
    if matches!(module, "" | "$root" | PREVIEW_1) {
        Ok(())
    } else {
        check_import(module).map_err(|refused| refused.of(name))
    }
}

fn check_import(name: &str) -> Result<(), Refused> {
    if name.starts_with("wasi:") {
        return Ok(());
    }
    let Some((interface, version)) = interface(name) else {
        return Err(Refused::Foreign(name.to_owned()));
    };
    check_version(version)?;
    // The others are what guests export; the component encoder asks for their types as imports.
    if matches!(interface, "host" | "types" | "about" | "table" | "document" | "raw-objects") {
        return Ok(());
    }
    Err(Refused::Unknown(name.to_owned()))
}

impl Refused {
    /// Adds the function to a foreign import: `env` alone says little.
    fn of(self, function: &str) -> Self {
        match self {
            Self::Foreign(module) => Self::Foreign(format!("{module}.{function}")),
            other => other,
        }
    }
}

/// Interface and version in `kpods:guest/table@0.1.0`.
fn interface(name: &str) -> Option<(&str, &str)> {
    let rest = name.strip_prefix(PACKAGE)?;
    Some(rest.split_once('@').unwrap_or((rest, "")))
}

fn check_version(version: &str) -> Result<(), Refused> {
    let mut numbers = version.split('.').map(|number| number.parse::<u64>().unwrap_or(0));
    let track = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    match track.cmp(&TRACK) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(Refused::Newer(version.to_owned())),
        std::cmp::Ordering::Less => Err(Refused::Older(version.to_owned())),
    }
}
