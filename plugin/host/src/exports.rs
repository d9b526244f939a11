//! What a guest exports.

use super::bindings::{document::DocumentGuest, table::TableGuest};

/// The guest's exports, by kind.
pub(super) enum Exports {
    Table(TableGuest),
    Document(DocumentGuest),
}
