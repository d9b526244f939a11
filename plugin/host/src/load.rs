//! From a choice to a guest that is ready to start: found, recognized, compiled, checked and linked.

use wasmtime::{
    Engine,
    component::{Component, HasSelf, InstancePre, Linker},
};

use super::{
    about::Misuse,
    bindings::table::TableGuest,
    cache::Cache,
    choice::Choice,
    engine,
    failure::GuestFailure,
    imports,
    imports::GuestKind,
    limits::Limits,
    locate::{self, NotFound, Places},
    recognize::{self, NoGuest},
    state::GuestState,
    wasi,
};

/// Why a guest cannot be run at all. Nothing of it ran, but that it may have been asked what it is.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no file.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// The file is no guest.
    #[error("guest {guest} cannot be used")]
    NoGuest {
        /// Name or path.
        guest: String,
        /// Why.
        source: NoGuest,
    },
    /// It wants what it may not have, or speaks another contract.
    #[error("guest {guest} cannot be used")]
    Refused {
        /// Name or path.
        guest: String,
        /// Why.
        source: imports::Refused,
    },
    /// Its types differ from the contract's although the version is the same.
    #[error("guest {guest} cannot be used: it does not fit the contract kpods:guest 0.1: {reason}")]
    Contract {
        /// Name or path.
        guest: String,
        /// What does not fit.
        reason: String,
    },
    /// What it says about itself rules this use out.
    #[error("guest {guest} cannot be used like this: {why}")]
    Misuse {
        /// Name or path.
        guest: String,
        /// Why. Told with the rest, so no source that would be told again.
        why: Misuse,
    },
    /// It could not even say what it is.
    #[error(transparent)]
    Failed(#[from] GuestFailure),
    /// Guests cannot run on this machine.
    #[error("guests cannot run on this machine: {0}")]
    Engine(String),
}

/// A guest that is ready to start.
#[derive(Clone)]
pub struct Guest {
    pub(super) label: String,
    pub(super) options: Vec<(String, String)>,
    pub(super) limits: Limits,
    pub(super) engine: Engine,
    pub(super) kind: GuestKind,
    pub(super) linked: InstancePre<GuestState>,
}

impl Guest {
    /// Finds, checks and compiles the chosen guest, or takes it from the cache. None of its code runs.
    ///
    /// # Errors
    ///
    /// [`LoadError`]: not found, no guest, wants what it may not have.
    pub fn load(choice: &Choice, places: &Places, limits: Limits) -> Result<Self, LoadError> {
        let found = locate::find(&choice.name, places)?;
        let label = found.label;
        let engine = engine::start(limits.memory)
            .map_err(|error| LoadError::Engine(format!("{error:#}")))?;
        let cache = places.cache.as_ref().and_then(|places| Cache::open(places, &engine));
        let component = compile(&engine, &found.bytes, cache.as_ref())
            .map_err(|source| LoadError::NoGuest { guest: label.clone(), source })?;
        let checked = imports::check(&component, &engine)
            .map_err(|source| LoadError::Refused { guest: label.clone(), source })?;
        let linked = link(&engine, &component, checked.wasi).map_err(|error| {
            LoadError::Contract { guest: label.clone(), reason: format!("{error:#}") }
        })?;
        Ok(Self {
            label,
            options: choice.options.clone(),
            limits,
            engine,
            kind: checked.kind,
            linked,
        })
    }

    /// What it makes of its rows.
    #[must_use]
    pub fn kind(&self) -> GuestKind {
        self.kind
    }
}

fn compile(engine: &Engine, bytes: &[u8], cache: Option<&Cache>) -> Result<Component, NoGuest> {
    if let Some(component) = cache.and_then(|cache| cache.load(engine, bytes)) {
        return Ok(component);
    }
    let wrapped = recognize::component(bytes)?;
    let component = Component::new(engine, &wrapped)
        .map_err(|error| NoGuest::Damaged(error.root_cause().to_string()))?;
    if let Some(cache) = cache {
        cache.store(bytes, &component);
    }
    Ok(component)
}

fn link(
    engine: &Engine,
    component: &Component,
    wasi: bool,
) -> wasmtime::Result<InstancePre<GuestState>> {
    let mut linker = Linker::new(engine);
    TableGuest::add_to_linker::<GuestState, HasSelf<GuestState>>(&mut linker, |state| state)?;
    if wasi {
        wasi::define(&mut linker, component, engine)?;
    }
    linker.instantiate_pre(component)
}
