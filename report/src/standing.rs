//! What a standing probe answers at `/results`: the state of every check it carries out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Attempt, Check, Counts, Judgement, Verdict};

/// Everything one standing probe knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// [`crate::WIRE_VERSION`].
    pub version: u32,
    /// Version of the probe.
    pub probe: String,
    /// Node on which the probe runs; label `source_node` of its metrics.
    pub node: String,
    /// Unix time at which the probe started.
    pub started_seconds: f64,
    /// Unix time of this answer.
    pub now_seconds: f64,
    /// Interval between two attempts at one check.
    pub every_seconds: f64,
    /// SHA-256, in hexadecimal, of the configuration file that is in force.
    pub config_sha256: String,
    /// Why the configuration file as it is now is not in force, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_error: Option<String>,
    /// One entry for each check, in the order of the configuration.
    pub checks: Vec<CheckResults>,
}

/// What a standing probe knows about one check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckResults {
    /// The check, without the values of its headers and without its body: they may be secrets.
    pub check: Check,
    /// Finished attempts since this check was configured, by judgement.
    #[serde(flatten)]
    pub counts: Counts,
    /// The same attempts by verdict.
    pub verdicts: BTreeMap<Verdict, u64>,
    /// The attempt that began last, of those that have finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Attempt>,
    /// Whether the last attempt of which one can tell held or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judgement: Option<Judgement>,
    /// Unix time at which the first attempt began of those that were judged so without a break. Attempts of which one cannot
    /// tell are no break.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_seconds: Option<f64>,
    /// The attempts at each address of its name, if there were several and not all as expected; `latest` is the worst of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub each: Vec<Attempt>,
    /// Handshakes with [`Check::standby`] at about the time of `latest`, if that failed. They are not counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub direct: Vec<Attempt>,
}
