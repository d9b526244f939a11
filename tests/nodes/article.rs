//! The article's walk, end to end.
