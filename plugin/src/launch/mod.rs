//! A probe's way into the cluster, what it says there, and its way out again.
//!
//! - [`job`], [`probe_pod`], [`processors`]: the objects; [`carrier`]: those of a probe without an image of its own; [`pod_shape`] and
//!   [`overrides`]: what the user wants of the pod. [`creation`]: a request that is never abandoned half-way.
//! - [`mod@run`]: several probes from creation to removal, with one [`watch`] for all their pods.
//! - [`probe_job`]: one of them, with [`log`] reading, [`look_out`] knowing when there is nothing to read, and [`last_words`]
//!   finding the results where the log cannot be read.
//! - [`doubt`]: results of a probe beside which somebody was not ready. [`second`]: one more probe, later.
//! - [`local`]: the probe in this process, without a cluster.
//! - [`stream`]: numbered records, whole or not.

mod carrier;
mod creation;
mod doubt;
mod job;
mod last_words;
mod local;
mod log;
mod look_out;
mod name;
mod outcome;
mod overrides;
mod pod_shape;
mod probe_job;
pub(crate) mod probe_pod;
mod processors;
mod run;
mod second;
mod stream;
mod watch;

pub(crate) use carrier::{Carrier, carried_in, within};
pub(crate) use creation::Creation;
pub(crate) use doubt::taken_back;
pub(crate) use job::Placement;
pub(crate) use local::run as run_here;
pub(crate) use outcome::Brought;
pub(crate) use pod_shape::PodShape;
pub(crate) use processors::keep_to;
pub(crate) use run::GRACE;
pub(crate) use second::run;
pub(crate) use stream::{Exchange, Head, Results};
