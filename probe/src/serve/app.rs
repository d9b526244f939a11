//! What the standing probe knows, shared by those who find out and those who ask.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use kubectl_pods_report::{Attempt, Check, Results, WIRE_VERSION};
use prometheus::proto::MetricFamily;

use super::Config;
use super::board::Entry;
use super::process;
use crate::metrics::Metrics;
use crate::prober::{Prepared, Round, unix_seconds};

/// State of a standing probe.
pub struct App {
    node: String,
    started_seconds: f64,
    metrics: Metrics,
    draining: AtomicBool,
    /// Guards the metrics of checks as well: a check that is gone must not come back through a late attempt.
    board: Mutex<Board>,
}

#[derive(Default)]
struct Board {
    config_sha256: String,
    config_error: Option<String>,
    every_seconds: f64,
    entries: Vec<Entry>,
}

impl App {
    /// A probe on `node` that has no checks yet.
    ///
    /// # Errors
    ///
    /// Only when metrics contradict each other.
    pub fn new(node: &str) -> prometheus::Result<Self> {
        Ok(Self {
            node: node.to_owned(),
            started_seconds: unix_seconds(),
            metrics: Metrics::new(node)?,
            draining: AtomicBool::new(false),
            board: Mutex::default(),
        })
    }

    /// Name of the node.
    pub(super) fn node(&self) -> &str {
        &self.node
    }

    /// From now on not ready.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Puts `config` into force: checks that stay as they are keep their results and series, all others lose them.
    pub(super) fn put_into_force(&self, config: &Config) {
        let mut board = self.board();
        let mut old = std::mem::take(&mut board.entries);
        for Prepared { check, .. } in &config.plan.checks {
            let kept = old.iter().position(|entry| entry.check.is_same_as(check));
            let mut entry = kept.map_or_else(|| Entry::new(check), |at| old.swap_remove(at));
            entry.check.id = check.id;
            board.entries.push(entry);
        }
        for gone in old {
            self.metrics.forget(&gone.check);
        }
        board.config_sha256.clone_from(&config.sha256);
        board.every_seconds = config.plan.every_seconds;
        board.config_error = None;
        let (checks, every) = (config.plan.checks.len(), config.plan.every_seconds);
        self.metrics.config_in_force(checks, every, unix_seconds());
    }

    /// Notes why the file as it is now is not in force.
    pub(super) fn note_config_error(&self, error: String) {
        self.metrics.config_refused();
        self.board().config_error = Some(error);
    }

    /// Takes in a finished round of `check`.
    pub(super) fn record(&self, check: &Check, round: Round) {
        let mut board = self.board();
        if let Some(entry) = board.entries.iter_mut().find(|entry| entry.is_of(check)) {
            self.metrics.record(check, &round.attempt);
            entry.take_in(round);
        }
    }

    /// Takes in what stands by for `check`, just asked.
    pub(super) fn record_direct(&self, check: &Check, direct: Vec<Attempt>) {
        let mut board = self.board();
        if let Some(entry) = board.entries.iter_mut().find(|entry| entry.is_of(check)) {
            entry.direct = direct;
        }
    }

    /// Takes in that attempts at `check` were left out.
    pub(super) fn record_missed(&self, check: &Check, rounds: u64) {
        if self.board().entries.iter().any(|entry| entry.is_of(check)) {
            self.metrics.record_missed(check, rounds);
        }
    }

    /// Everything for `/results`.
    pub(super) fn results(&self) -> Results {
        let board = self.board();
        Results {
            version: WIRE_VERSION,
            probe: crate::VERSION.to_owned(),
            node: self.node.clone(),
            started_seconds: self.started_seconds,
            now_seconds: unix_seconds(),
            every_seconds: board.every_seconds,
            config_sha256: board.config_sha256.clone(),
            config_error: board.config_error.clone(),
            checks: board.entries.iter().map(Entry::public).collect(),
        }
    }

    /// Everything for `/metrics`.
    pub(super) fn gather(&self) -> Vec<MetricFamily> {
        let mut families = self.metrics.gather();
        families.extend(process::gather(self.started_seconds));
        families
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
