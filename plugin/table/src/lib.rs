//! Rows, columns and how they are drawn. No I/O and no async: text in, text out.
//!
//! - [`columns`]: the one vocabulary of columns, and what each costs to fetch.
//! - [`splitter`], [`row`]: a server's Table, cut into rows while it arrives.
//! - [`tabwriter`]: kubectl's alignment, byte for byte; [`grid`]: cells with meaning, for what kubectl has no table for.
//! - [`object`]: whole objects as JSON and YAML.
//! - [`sanitize`]: no control character reaches a terminal.

pub mod columns;
pub mod duration;
pub mod grid;
pub mod object;
pub mod row;
pub mod sanitize;
pub mod splitter;
pub mod tabwriter;
