//! What the host keeps for one running guest, and the four functions of the contract that a guest may call.

use super::{
    bindings::{host, types},
    console::Console,
    limits::{Limits, Meter},
    random::Random,
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
    last_words: Option<String>,
    /// What it prints.
    pub(super) console: Console,
    pub(super) random: Random,
    /// The time of the run, in Unix milliseconds.
    pub(super) now_millis: i64,
}

impl GuestState {
    pub(super) fn new(limits: &Limits, options: &[(String, String)], now_millis: i64) -> Self {
        Self {
            meter: Meter::new(limits),
            options: options.to_vec(),
            notes: Vec::new(),
            last_words: None,
            console: Console::default(),
            random: Random::default(),
            now_millis,
        }
    }

    /// Takes the notes for the user and what was printed, safe to print.
    pub(super) fn take_notes(&mut self) -> Vec<String> {
        let mut notes = std::mem::take(&mut self.notes);
        let room = NOTES.saturating_sub(notes.len());
        notes.extend(self.console.take().iter().take(room).map(|line| tame(line)));
        notes
    }

    /// What it said last, safe to print: for this, or on its standard error.
    pub(super) fn last_words(&self) -> Option<String> {
        let complained = || self.console.last_words().map(|text| tame(&text));
        self.last_words.clone().or_else(complained)
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
