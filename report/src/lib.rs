//! The words that `kubectl-pods` and its probe exchange.
//!
//! - [`plan`]: what to check, handed to the probe (JSON).
//! - [`attempt`]: what one try showed, with the kernel's evidence.
//! - [`record`]: the numbered NDJSON lines that a one-shot probe writes to its log.
//! - [`verdict`]: the closed set of answers about a target.
//!
//! Times are seconds (`f64`, field names end in `_seconds`), sizes are bytes.
//! Unknown fields are ignored, so that an older reader understands a newer writer.

pub mod attempt;
pub mod plan;
pub mod record;
pub mod verdict;

pub use attempt::{Attempt, Evidence, IcmpError, Phases, Starvation, TcpInfo};
pub use plan::{Check, Expect, HttpRequest, Plan, Protocol};
pub use record::{Numbered, Record};
pub use verdict::Verdict;

/// Version of the wire format. A reader refuses a plan or a stream of another version.
pub const WIRE_VERSION: u32 = 1;
