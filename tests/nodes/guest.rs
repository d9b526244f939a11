//! Guests on two nodes.
