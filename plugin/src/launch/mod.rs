//! A probe's way into the cluster, what it says there, and its way out again.
//!
//! - [`job`], [`probe_pod`]: the objects. [`creation`]: a request that is never abandoned half-way.
//! - [`mod@run`]: several probes from creation to removal, with one [`watch`] for all their pods.
//! - [`probe_job`]: one of them, with [`log`] reading and [`look_out`] knowing when there is nothing to read.
//! - [`local`]: the probe in this process, without a cluster.
//! - [`stream`]: numbered records, whole or not.

mod creation;
mod job;
mod local;
mod log;
mod look_out;
mod name;
mod outcome;
mod probe_job;
pub(crate) mod probe_pod;
mod run;
mod stream;
mod watch;

pub(crate) use creation::Creation;
pub(crate) use job::Placement;
pub(crate) use local::run as run_here;
pub(crate) use outcome::{Brought, Outcome};
pub(crate) use run::{GRACE, run};
pub(crate) use stream::{Head, Results};
