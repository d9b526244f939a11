//! The configuration file: a [`Plan`] with an interval, read again when it changes.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use kubectl_pods_report::Plan;
use sha2::{Digest, Sha256};

use crate::plan::{CheckedCheck, CheckedPlan, PlanError};

/// More than a ConfigMap can hold.
const FILE_MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Attempts that may be under way at once, if every target were silent. Bounds memory and file descriptors.
const ATTEMPTS_AT_ONCE: f64 = 4096.0;

/// Range of the interval, in seconds.
const INTERVAL_SECONDS: std::ops::RangeInclusive<f64> = 0.1..=86_400.0;

/// Why a configuration is not put into force.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not a plan.
    #[error("not valid JSON for a plan")]
    Syntax(#[from] serde_json::Error),
    /// A plan that cannot be carried out.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A plan that cannot be carried out again and again.
    #[error("{0}")]
    Standing(String),
}

/// A configuration that can be put into force.
#[derive(Debug, Clone)]
pub struct Config {
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// Time between two attempts at one check.
    pub every_seconds: f64,
    pub(crate) checks: Vec<CheckedCheck>,
}

impl Config {
    /// Reads a configuration from the content of its file.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], except for `Read`.
    pub fn parse(content: &[u8]) -> Result<Self, ConfigError> {
        let plan: Plan = serde_json::from_slice(content)?;
        let checks = CheckedPlan::try_from(&plan)?.checks;
        let every_seconds = plan.every_seconds.unwrap_or_default();
        if !INTERVAL_SECONDS.contains(&every_seconds) {
            return Err(ConfigError::Standing(format!(
                "every_seconds is {every_seconds}, not between {} and {}",
                INTERVAL_SECONDS.start(),
                INTERVAL_SECONDS.end()
            )));
        }
        each_has_its_own_series(&checks)?;
        let at_once: f64 = checks
            .iter()
            .map(|checked| (checked.check.timeout_seconds / every_seconds).ceil())
            .sum();
        if at_once > ATTEMPTS_AT_ONCE {
            return Err(ConfigError::Standing(format!(
                "up to {at_once} attempts could be under way at once, more than {ATTEMPTS_AT_ONCE}: \
                 use fewer checks, a longer interval or shorter time-outs"
            )));
        }
        Ok(Self { sha256: sha256(content), every_seconds, checks })
    }
}

fn each_has_its_own_series(checks: &[CheckedCheck]) -> Result<(), ConfigError> {
    let mut seen = BTreeSet::new();
    for CheckedCheck { check, .. } in checks {
        let protocol = check.protocol.as_str();
        if !seen.insert((&check.target, protocol)) {
            return Err(ConfigError::Standing(format!(
                "two {protocol} checks are called {:?}",
                check.target
            )));
        }
        if check.http.as_ref().is_some_and(|http| http.return_body) {
            return Err(ConfigError::Standing(format!(
                "check {:?}: a standing probe returns no body",
                check.target
            )));
        }
    }
    Ok(())
}

fn sha256(content: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(content))
}

/// The file, and what it held when it was last read.
#[derive(Debug)]
pub struct ConfigFile {
    path: PathBuf,
    last: Option<Vec<u8>>,
}

impl ConfigFile {
    /// A file that was not read yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), last: None }
    }

    /// Reads the file. `None` when it holds what it held before.
    ///
    /// The content decides, not the time stamp: a ConfigMap volume changes by swapping a symbolic link.
    ///
    /// # Errors
    ///
    /// When it cannot be read or cannot be put into force.
    pub fn read(&mut self) -> Result<Option<Config>, ConfigError> {
        let content = fs::File::open(&self.path).and_then(|file| {
            let mut content = Vec::new();
            file.take(FILE_MAX_BYTES).read_to_end(&mut content).map(|_| content)
        });
        let content = content.map_err(|source| {
            self.last = None;
            ConfigError::Read { path: self.path.clone(), source }
        })?;
        if self.last.as_deref() == Some(&content) {
            return Ok(None);
        }
        let config = Config::parse(&content);
        self.last = Some(content);
        config.map(Some)
    }
}
