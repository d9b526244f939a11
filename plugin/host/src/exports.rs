//! What a guest exports.

use super::{
    bindings::{document::DocumentGuest, table::TableGuest},
    failure::{GuestFailure, Stage},
    imports::GuestKind,
    load::Guest,
    runner::Runner,
};

/// The guest's exports, by kind.
pub(super) enum Exports {
    Table(TableGuest),
    Document(DocumentGuest),
}

impl Exports {
    /// Starts an instance of the guest.
    pub(super) fn start(guest: &Guest, runner: &mut Runner) -> Result<Self, GuestFailure> {
        runner.call(Stage::Start, |store| {
            let instance = guest.linked.instantiate(&mut *store)?;
            Ok(match guest.kind() {
                GuestKind::Table => Self::Table(TableGuest::new(&mut *store, &instance)?),
                GuestKind::Document => Self::Document(DocumentGuest::new(&mut *store, &instance)?),
            })
        })
    }
}
