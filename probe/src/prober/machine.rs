//! What all attempts on this machine share.

use super::resolve::Resolver;
use super::tls::Trust;
use crate::starvation::Watch;

/// This machine's resolver, whom it trusts, and a watch on how much it is held up.
pub(crate) struct Machine {
    pub(super) resolver: Resolver,
    pub(super) trust: Trust,
    pub(crate) watch: Watch,
}

impl Machine {
    /// This machine as its files say: `/etc/resolv.conf`, `/etc/hosts`, and the roots that [`super::tls`] names. They are
    /// read when they are first needed.
    pub(crate) fn new() -> Self {
        Self { resolver: Resolver::of_this_machine(), trust: Trust::default(), watch: Watch::new() }
    }
}
