//! Checks addresses from where it runs, and reports what the kernel saw. Knows nothing of Kubernetes.
//!
//! - [`run()`]: one shot: a plan in, numbered records out.
//! - `serve` (a feature): standing: a plan carried out again and again, results by HTTP for people and for Prometheus;
//!   questions of other probes answered over UDP.
//! - [`pack`], [`unpack`]: a plan as the text of an environment variable.
//! - [`LastWords`], [`unpack_records`]: the records in 4 KiB, for a file that outlives the probe.
//! - [`StandingPlan`]: whether a plan can be carried out so, asked by whoever installs one.
//! - [`is_metadata`]: addresses that nothing may lead to by surprise.
//! - [`check_roots`]: whether certificates in PEM can be trusted, asked by whoever sends them.
//!
//! What the probe does not do: it follows no redirect, keeps no connection, resumes no TLS session, tries one address of a name
//! (the first IPv4 address, or else the first IPv6 one) unless it is told to try every one, and asks the resolver anew for every attempt.

mod echo;
mod evidence;
mod last_words;
#[cfg(feature = "serve")]
mod metrics;
mod plan;
mod prober;
mod run;
#[cfg(feature = "serve")]
pub mod serve;
mod standby;
mod starvation;
mod text;

pub use last_words::{LastWords, unpack_records};
pub use plan::{PlanError, StandingError, StandingPlan, pack, unpack};
pub use prober::is_metadata;
pub use run::run;

/// Makes sure that `pem` can be [`kubectl_pods_report::Plan::roots`].
///
/// # Errors
///
/// What of it cannot be read or used.
pub fn check_roots(pem: &str) -> Result<(), String> {
    prober::read_pem(pem).map(drop)
}

/// Version of this probe, as in `Start` records and `build_info`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
