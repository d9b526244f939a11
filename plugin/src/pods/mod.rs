//! What a pod's object says about it: the one room for "why is this pod so".
//!
//! - [`cells`]: what `kubectl get pods` shows of it, for lists that come from a file.
//! - [`mod@prospect`]: what becomes of a pod that is to start; [`startup`]: what its events say is in the way; [`refusal`]:
//!   which flag helps. [`mod@sidecars`]: who else is in it.
//! - [`mod@ending`]: a pod that cannot be reached because it has ended or has no address yet.

pub(crate) mod cells;
mod ending;
mod prospect;
mod refusal;
mod sidecars;
mod startup;

pub(crate) use ending::{ending, has_ended, phase};
pub(crate) use prospect::{Prospect, advise, advised, prospect};
pub(crate) use sidecars::{Sidecar, beside, sidecars, unready_sidecars};
pub(crate) use startup::{StartupProblem, is_overcome, last_warning};
