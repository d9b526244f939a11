//! Lists on two nodes.
