//! What a guest may say to its host. In a native test these do nothing, or print.

#[cfg(target_arch = "wasm32")]
use crate::bindings::table::kpods::guest::host;

/// Leaves a note for the user: shown on stderr, at most 200 notes of 400 characters each.
pub fn warn(text: &str) {
    #[cfg(target_arch = "wasm32")]
    host::log(host::Level::Warn, text);
    #[cfg(not(target_arch = "wasm32"))]
    let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("warning: {text}\n"));
}

/// Whether the result is no longer wanted; worth asking in a loop of more than a second.
#[must_use]
pub fn cancelled() -> bool {
    #[cfg(target_arch = "wasm32")]
    return host::cancelled();
    #[cfg(not(target_arch = "wasm32"))]
    false
}

/// Makes a panic's message reach the user, who would otherwise read only that an `unreachable` was executed.
pub(crate) fn report_panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|info| host::last_words(&info.to_string())));
}
