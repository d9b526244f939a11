//! The words that `kubectl-pods` and its probe exchange.
//!
//! - [`plan`]: what to check, handed to the probe (JSON).
//! - [`attempt`]: what one try showed, with the kernel's evidence.
//! - [`record`]: the numbered NDJSON lines that a one-shot probe writes to its log.
//! - [`standing`]: what a standing probe answers at `/results`.
//! - [`verdict`]: the closed set of answers about a target.
//!
//! Times are seconds (`f64`, field names end in `_seconds`), sizes are bytes.
//! Unknown fields are ignored, so that an older reader understands a newer writer.

pub mod attempt;
pub mod plan;
pub mod record;
pub mod standing;
pub mod verdict;

pub use attempt::{Attempt, Evidence, IcmpError, Phases, Starvation, TcpInfo};
pub use plan::{Check, Expect, HttpRequest, Plan, Protocol};
pub use record::{Numbered, Record};
pub use standing::{CheckResults, Results};
pub use verdict::Verdict;

/// Version of the wire format. A reader refuses a plan or a stream of another version.
pub const WIRE_VERSION: u32 = 1;

/// Environment variable that hands a one-shot probe its [`Plan`] as JSON.
pub const PLAN_VARIABLE: &str = "KUBECTL_PODS_PLAN";

/// Environment variable that tells a standing probe the name of its node.
pub const NODE_VARIABLE: &str = "KUBECTL_PODS_NODE";

/// Port on which a standing probe serves its metrics and results.
pub const STANDING_PORT: u16 = 9475;
