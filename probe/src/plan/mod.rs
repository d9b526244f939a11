//! A plan that has been looked at, so that nothing in it can fail half-way.

mod expectations;
mod packed;
mod standing;

use std::collections::BTreeSet;
use std::sync::Arc;

use kubectl_pods_report::{Check, Plan, WIRE_VERSION};
use rustls::RootCertStore;

pub(crate) use packed::{compress, decompress};
pub use packed::{pack, unpack};
pub use standing::{StandingError, StandingPlan};

use crate::prober::{Prepared, read_pem};

/// Attempts for each check. Bounds memory when they are summed up: 24 bytes for each, 64 checks at once.
const MAX_ATTEMPTS: u32 = 10_000;

/// Why a plan cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Written by another version of the plugin.
    #[error(
        "plan has wire version {found}, this probe speaks {WIRE_VERSION}: use the probe image of the plugin"
    )]
    Version {
        /// Version in the plan.
        found: u32,
    },
    /// Something in one check makes no sense.
    #[error("check of {target:?}: {reason}")]
    Check {
        /// [`Check::target`].
        target: String,
        /// What is wrong.
        reason: String,
    },
    /// Something outside the checks makes no sense.
    #[error("{0}")]
    Whole(String),
}

/// A plan whose checks are all possible.
#[derive(Debug, Clone)]
pub(crate) struct CheckedPlan {
    /// Attempts for each check.
    pub(crate) attempts: u32,
    /// Whether they are summed up.
    pub(crate) is_summed_up: bool,
    pub(crate) checks: Vec<Prepared>,
}

impl TryFrom<&Plan> for CheckedPlan {
    type Error = PlanError;

    fn try_from(plan: &Plan) -> Result<Self, PlanError> {
        if plan.version != WIRE_VERSION {
            return Err(PlanError::Version { found: plan.version });
        }
        if !(1..=MAX_ATTEMPTS).contains(&plan.attempts) {
            let problem =
                format!("plan asks for {} attempts, not 1 to {MAX_ATTEMPTS}", plan.attempts);
            return Err(PlanError::Whole(problem));
        }
        let mut ids = BTreeSet::new();
        if let Some(twice) = plan.checks.iter().find(|check| !ids.insert(check.id)) {
            return Err(PlanError::Whole(format!("two checks have the id {}", twice.id)));
        }
        let roots = plan.roots.as_deref().map(roots).transpose()?;
        let prepare = |check| prepare(check, roots.as_ref());
        let checks = plan.checks.iter().map(prepare).collect::<Result<_, _>>()?;
        Ok(Self { attempts: plan.attempts, is_summed_up: plan.is_summed_up(), checks })
    }
}

/// Certificates that are trusted instead of those that the machine knows.
fn roots(pem: &str) -> Result<Arc<RootCertStore>, PlanError> {
    let roots = read_pem(pem).map_err(|problem| PlanError::Whole(format!("roots: {problem}")))?;
    Ok(Arc::new(roots))
}

fn prepare(check: &Check, roots: Option<&Arc<RootCertStore>>) -> Result<Prepared, PlanError> {
    let possible = limits(check).and_then(|()| expectations::fit(check));
    possible
        .and_then(|()| Prepared::new(check, roots))
        .map_err(|reason| PlanError::Check { target: check.target.clone(), reason })
}

/// Times in range, so that `Duration::from_secs_f64` cannot panic, and a host.
fn limits(check: &Check) -> Result<(), String> {
    const DAY_SECONDS: f64 = 86_400.0;
    for seconds in [check.limits.connect_seconds, check.limits.total_seconds] {
        if !(seconds > 0.0 && seconds <= DAY_SECONDS) {
            return Err(format!("a time-out of {seconds} s is not between 0 and one day"));
        }
    }
    if check.host.is_empty() {
        return Err("no host".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Ask, HttpRequest};

    use super::*;

    fn check(change: impl FnOnce(&mut Check)) -> Check {
        let mut check = Check::new(0, "web", "10.0.0.7", Ask::http(80, HttpRequest::default()));
        change(&mut check);
        check
    }

    fn http(change: impl FnOnce(&mut HttpRequest)) -> Check {
        let mut request = HttpRequest::default();
        change(&mut request);
        check(|check| check.ask = Ask::http(80, request))
    }

    #[test]
    fn a_bad_check_is_refused_by_name() {
        let cases = [
            ("no host", check(|c| c.host.clear()), "no host"),
            ("no time", check(|c| c.limits.total_seconds = 0.0), "a time-out of 0 s"),
            ("negative", check(|c| c.limits.connect_seconds = -1.0), "a time-out of -1 s"),
            ("no number", check(|c| c.limits.total_seconds = f64::NAN), "a time-out of NaN s"),
            ("for ever", check(|c| c.limits.total_seconds = f64::INFINITY), "time-out of inf s"),
            ("method", http(|h| h.method = "GE T".into()), "bad method \"GE T\""),
            ("path", http(|h| h.path = "/a b".into()), "bad path \"/a b\""),
            ("relative path", http(|h| h.path = "a".into()), "path \"a\" does not start with /"),
            (
                "header",
                http(|h| h.headers = vec![("a b".into(), "c".into())]),
                "bad header \"a b\": \"c\"",
            ),
            (
                "header value",
                http(|h| h.headers = vec![("a".into(), "b\r\nc: d".into())]),
                "bad header \"a\"",
            ),
            ("host in a header", check(|c| c.host = "a\nb".into()), "bad host \"a\\nb\""),
        ];
        for (name, check, expected) in cases {
            let error = prepare(&check, None).expect_err(name).to_string();
            assert!(error.starts_with("check of \"web\": "), "{name}: {error}");
            assert!(error.contains(expected), "{name}: {error}");
        }
    }

    #[test]
    fn a_bad_plan_is_refused_as_a_whole() {
        let same = || check(|_| ());
        let cases = [
            (
                Plan { version: WIRE_VERSION + 1, ..Plan::once(vec![]) },
                "wire version 2, this probe speaks 1",
            ),
            (
                Plan { attempts: 0, ..Plan::once(vec![]) },
                "plan asks for 0 attempts, not 1 to 10000",
            ),
            (Plan::once(vec![same(), same()]), "two checks have the id 0"),
            (
                Plan { roots: Some("no PEM".into()), ..Plan::once(vec![]) },
                "roots: there is no certificate in PEM",
            ),
        ];
        for (plan, expected) in cases {
            let error = CheckedPlan::try_from(&plan).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
