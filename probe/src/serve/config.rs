//! The configuration file: a [`StandingPlan`], read again when it changes.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::plan::{StandingError, StandingPlan};

/// More than a ConfigMap can hold.
const FILE_MAX_BYTES: u64 = 4 * 1024 * 1024;

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
    /// What it holds is not to be carried out.
    #[error(transparent)]
    Plan(#[from] StandingError),
}

/// A configuration that can be put into force.
#[derive(Debug, Clone)]
pub struct Config {
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// What it holds.
    pub plan: StandingPlan,
}

impl Config {
    fn parse(content: &[u8]) -> Result<Self, ConfigError> {
        let sha256 = HEXLOWER.encode(&Sha256::digest(content));
        Ok(Self { sha256, plan: StandingPlan::parse(content)? })
    }
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
