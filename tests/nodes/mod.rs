//! Tests against two real nodes.

use std::time::Duration;

mod admission;
mod article;
mod carrier;
mod causes;
mod check;
mod curl;
mod guest;
mod health;
mod image;
mod interrupt;
mod killed;
mod large;
mod listing;
mod metadata;
mod monitor;
mod names;
mod obstacle;
mod placement;
mod policy;
mod protocols;
mod proxy;
mod sets;
mod sidecar;
mod sources;
mod tls;
mod workloads;

/// Before it, a probe that cannot run is told so: half the time that it may take to start, and enough for a second try of
/// the kubelet's, which it makes after 10 to 15 s. How soon it is on a busy machine does not matter here.
const SOON: Duration = Duration::from_secs(30);
