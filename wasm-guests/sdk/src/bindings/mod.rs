//! What wit-bindgen makes of `../wit`; `tests/bindings.rs` regenerates and compares it. Guests never see it.

pub mod document;
pub mod table;
