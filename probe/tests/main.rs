//! The probe against real servers, real faults and a real clock.
//!
//! Needs root, `ip`, `nft` and `openssl`: without them the tests that use them fail. Traffic stays on the loopback interface
//! and in network namespaces of our own.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why and stops")]

mod answers;
mod bodies;
mod certificates;
mod daemon;
mod datagrams;
mod echoes;
mod faults;
mod floods;
mod health;
mod lab;
mod matrix;
mod names;
mod openssl;
mod pings;
mod plans;
mod program;
mod runs;
mod servers;
mod standing;
mod starvation;
mod tls_servers;
