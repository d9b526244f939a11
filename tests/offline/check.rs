//! Check --from-here.
