//! Whole objects, and how kubectl writes them.

pub mod json;
mod node;
mod number;
mod read;
pub mod yaml;
mod yaml_keys;
mod yaml_scalar;

pub use node::Node;
