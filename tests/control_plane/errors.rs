//! What is said when the server says no.
