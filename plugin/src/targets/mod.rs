//! What the user wants to have checked: from words to places, from places to a plan.
//!
//! - [`target`]: the words. [`mod@resolve`], [`service`], [`ports`]: the cluster says where that is.
//! - [`mod@endpoints`]: where a Service sends; [`backends`]: each of those as a target; [`mod@cluster_name`]: host names that mean one; [`addressing`]: which of the addresses counts, and whom to trust there.
//! - [`metadata`]: where nothing may lead by surprise. [`mod@plan`]: what a probe is to do there.

mod addressing;
mod backends;
mod cluster_name;
mod endpoints;
mod metadata;
mod places;
mod plan;
mod ports;
mod resolve;
mod service;
mod target;

pub(crate) use addressing::Addressing;
pub(crate) use backends::with_endpoints;
pub(crate) use cluster_name::ClusterName;
pub(crate) use endpoints::{Endpoint, endpoints, port_of, usable};
pub(crate) use places::{Resolution, Resolved, Wanted, absent, notes};
pub(crate) use plan::{AttemptOptions, Planned, Subject, plan};
pub(crate) use ports::{Port, is_for, of_pod as ports_of_pod};
pub(crate) use resolve::{refuse_unfit, resolve};
pub(crate) use service::all as services;
pub(crate) use target::{Place, PortRef, Target, TargetKind, in_namespace};
