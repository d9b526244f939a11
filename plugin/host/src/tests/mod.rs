//! Guests at work and guests that misbehave, all through the public interface.

mod by_node;
mod caching;
mod csv;
mod hostile;
mod loading;
mod surroundings;

use std::path::Path;

use super::{Choice, Guest, Limits, LoadError, Places};

/// Loads what is chosen by `text`, without cache and without any folder of guests.
fn load(text: &str) -> Result<Guest, LoadError> {
    let choice: Choice = text.parse().expect("the choice is well formed");
    Guest::load(&choice, &Places::default(), Limits::default())
}

/// Loads a file with these bytes, and gives the whole complaint.
fn complaint(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("guest.wasm");
    std::fs::write(&path, bytes).expect("the folder is writable");
    let error = load(&path.display().to_string()).err().expect("this must not load");
    whole(error, folder.path())
}

/// The whole chain of an error, as the user sees it, without the name of the temporary folder.
fn whole(error: LoadError, folder: &Path) -> String {
    format!("{:#}", anyhow::Error::new(error)).replace(&folder.display().to_string(), "FOLDER")
}
