//! Check on two nodes.
