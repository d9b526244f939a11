//! A plan that can be carried out again and again. The plugin asks here before it installs one.

use std::collections::BTreeSet;

use kubectl_pods_report::Plan;

use super::{CheckedPlan, PlanError};
use crate::prober::Prepared;

/// Attempts that may be under way at once, if every target were silent. Bounds memory and file descriptors.
const ATTEMPTS_AT_ONCE: f64 = 4096.0;

/// Range of the interval, in seconds.
const INTERVAL_SECONDS: std::ops::RangeInclusive<f64> = 0.1..=86_400.0;

/// Why a plan cannot be carried out again and again.
#[derive(Debug, thiserror::Error)]
pub enum StandingError {
    /// Not a plan.
    #[error("not valid JSON for a plan")]
    Syntax(#[from] serde_json::Error),
    /// Not even once.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Once, but not again and again.
    #[error("{0}")]
    Again(String),
}

/// A plan that can be carried out again and again.
#[derive(Debug, Clone)]
pub struct StandingPlan {
    /// Time between two attempts at one check.
    pub every_seconds: f64,
    /// [`Plan::roots`].
    #[cfg_attr(
        not(feature = "serve"),
        expect(dead_code, reason = "only the server looks whether they have changed")
    )]
    pub(crate) roots: Option<String>,
    #[cfg_attr(
        not(feature = "serve"),
        expect(dead_code, reason = "only the server carries them out")
    )]
    pub(crate) checks: Vec<Prepared>,
}

impl StandingPlan {
    /// Reads a plan from its JSON.
    ///
    /// # Errors
    ///
    /// [`StandingError`].
    pub fn parse(json: &[u8]) -> Result<Self, StandingError> {
        let plan: Plan = serde_json::from_slice(json)?;
        let checks = CheckedPlan::try_from(&plan)?.checks;
        let every_seconds = plan.every_seconds.unwrap_or_default();
        if !INTERVAL_SECONDS.contains(&every_seconds) {
            return Err(StandingError::Again(format!(
                "every_seconds is {every_seconds}, not between {} and {}",
                INTERVAL_SECONDS.start(),
                INTERVAL_SECONDS.end()
            )));
        }
        each_has_its_own_series(&plan)?;
        let at_once = |seconds: f64| (seconds / every_seconds).ceil();
        let at_once: f64 = plan
            .checks
            .iter()
            .map(|check| {
                let tried = f64::from(check.places()) * at_once(check.limits.total_seconds);
                tried + as_f64(check.standby.len())
            })
            .sum();
        if at_once > ATTEMPTS_AT_ONCE {
            return Err(StandingError::Again(format!(
                "up to {at_once} attempts could be under way at once, more than {ATTEMPTS_AT_ONCE}: \
                 use fewer checks, a longer interval or shorter time-outs"
            )));
        }
        Ok(Self { every_seconds, roots: plan.roots, checks })
    }
}

/// Exact for every number that fits into a plan.
fn as_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

fn each_has_its_own_series(plan: &Plan) -> Result<(), StandingError> {
    let mut seen = BTreeSet::new();
    for check in &plan.checks {
        let protocol = check.ask.protocol();
        if !seen.insert((&check.target, protocol)) {
            return Err(StandingError::Again(format!(
                "two {} checks are called {:?}",
                protocol.as_str(),
                check.target
            )));
        }
        if check.ask.http_request().is_some_and(|request| request.return_body) {
            return Err(StandingError::Again(format!(
                "check {:?}: a standing probe returns no body",
                check.target
            )));
        }
    }
    Ok(())
}
