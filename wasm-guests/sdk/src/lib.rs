//! SDK for guests.
