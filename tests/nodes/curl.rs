//! Curl on two nodes.
