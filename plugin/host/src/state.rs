//! What the host keeps for one running guest, and the four functions that a guest may call.

use super::{
    bindings::{host, types},
    limits::{Limits, Meter},
};
use table::sanitize;

/// Notes that one session may leave, and characters of each.
const NOTES: usize = 200;
const NOTE_CHARACTERS: usize = 400;

/// What the host keeps for one running guest.
pub(super) struct GuestState {
    pub(super) meter: Meter,
    options: Vec<(String, String)>,
    notes: Vec<String>,
    /// What the guest said just before it gave up.
    pub(super) last_words: Option<String>,
}

impl GuestState {
    pub(super) fn new(limits: &Limits, options: &[(String, String)]) -> Self {
        Self {
            meter: Meter::new(limits),
            options: options.to_vec(),
            notes: Vec::new(),
            last_words: None,
        }
    }

    /// Takes the notes for the user, safe to print.
    pub(super) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }
}

/// Cuts and cleans a text that ends in the middle of one of our lines.
fn tame(text: &str) -> String {
    let text = sanitize::line(text);
    match text.char_indices().nth(NOTE_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

impl host::Host for GuestState {
    fn log(&mut self, level: host::Level, text: String) {
        // Debug and info are for `guest test`; a user who looks at pods wants neither.
        if matches!(level, host::Level::Warn) && self.notes.len() < NOTES {
            self.notes.push(tame(&text));
        }
    }

    fn last_words(&mut self, text: String) {
        self.last_words = Some(tame(&text));
    }

    fn config(&mut self, key: String) -> Option<String> {
        self.options.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone())
    }

    /// A list ends at once at Ctrl-C, guest and all, so no running guest is ever cancelled. Watching will change that.
    fn cancelled(&mut self) -> bool {
        false
    }
}

impl types::Host for GuestState {}
