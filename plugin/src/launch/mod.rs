//! A probe's way into the cluster, what it says there, and its way out again.
//!
//! - [`job`], [`probe_pod`]: the objects. [`creation`]: a request that is never abandoned half-way.
//! - [`probe_job`]: one probe from creation to removal, with [`log`] reading and [`watch`] looking out.
//! - [`local`]: the probe in this process, without a cluster.
//! - [`stream`]: numbered records, whole or not.

mod creation;
mod job;
mod local;
mod log;
mod name;
mod probe_job;
pub(crate) mod probe_pod;
mod stream;
mod watch;

pub(crate) use creation::Creation;
pub(crate) use job::Placement;
pub(crate) use local::run as run_here;
pub(crate) use probe_job::{Outcome, run};
pub(crate) use stream::{Head, Results};
