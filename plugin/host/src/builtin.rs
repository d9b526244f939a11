//! The guests inside the plugin binary. They run in the same sandbox as anybody's.

const BUILT_IN: [(&str, &[u8]); 2] = [
    ("by-node", include_bytes!("../../../wasm-guests/prebuilt/by-node.wasm")),
    ("csv", include_bytes!("../../../wasm-guests/prebuilt/csv.wasm")),
];

/// Their names.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}

/// The file of one of them.
pub(super) fn find(name: &str) -> Option<&'static [u8]> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}
