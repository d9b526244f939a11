//! Checks addresses from where it runs, and reports what the kernel saw. Knows nothing of Kubernetes.
//!
//! - [`run()`]: one shot: a plan in, numbered records out.
//! - `serve` (a feature): standing: a plan carried out again and again, results by HTTP for people and for Prometheus.
//! - [`pack`], [`unpack`]: a plan as the text of an environment variable.
//! - [`StandingPlan`]: whether a plan can be carried out so, asked by whoever installs one.
//!
//! What the probe does not do: it follows no redirect, keeps no connection, tries one address of a name (the first
//! IPv4 address, or else the first IPv6 one), and asks the resolver anew for every attempt.

mod evidence;
#[cfg(feature = "serve")]
mod metrics;
mod plan;
mod prober;
mod run;
#[cfg(feature = "serve")]
pub mod serve;
mod starvation;
mod text;

pub use plan::{PlanError, StandingError, StandingPlan, pack, unpack};
pub use run::run;

/// Version of this probe, as in `Start` records and `build_info`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
