//! What a guest may use, and the bookkeeping that stops it when it uses more.

use std::time::Duration;

use wasmtime::ResourceLimiter;

const MIB: usize = 1024 * 1024;

/// What a guest may use. Everything is checked while the guest runs, not afterwards.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of linear memory, of all its memories together.
    pub memory: usize,
    /// Time for one of the short calls: `open`, `plan`.
    pub short_call: Duration,
    /// Time for one batch of rows, and for `finish`.
    pub batch: Duration,
    /// Time for all calls of one session together.
    pub session: Duration,
    /// Bytes that one call may hand over to the host.
    pub handover: usize,
    /// Bytes of output of one session.
    pub output: usize,
    /// Bytes of one cell.
    pub cell: usize,
    /// Pieces of text of one line.
    pub spans: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 * MIB,
            short_call: Duration::from_millis(500),
            batch: Duration::from_secs(2),
            session: Duration::from_secs(30),
            handover: 16 * MIB,
            output: 256 * MIB,
            cell: 64 * 1024,
            spans: 4_096,
        }
    }
}

impl Limits {
    /// What is said when this machine does not give a guest the memory that it may have.
    pub(super) fn not_to_be_had(&self) -> String {
        format!(
            "this machine gives it no {} MiB of memory (ulimit -v?); less may do: --guest-memory",
            self.memory.div_ceil(MIB)
        )
    }
}

/// Core instances, memories and tables inside one component; a Python guest has 9 instances.
const INSTANCES: usize = 64;
const MEMORIES: usize = 16;
const TABLES: usize = 64;
const TABLE_ELEMENTS: usize = 200_000;

/// A guest asked for more than it may have. Ends the guest, so that the reason is not lost in an `unreachable`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Exceeded {
    #[error("it asked for {} MiB of memory, the limit is {} MiB (--guest-memory)", .asked.div_ceil(MIB), .limit / MIB)]
    Memory { asked: usize, limit: usize },
    #[error("it asked for a table of {asked} elements, the limit is {TABLE_ELEMENTS}")]
    Table { asked: usize },
}

/// Counts what one guest has.
#[derive(Debug)]
pub(super) struct Meter {
    limit: usize,
    used: usize,
}

impl Meter {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { limit: limits.memory, used: 0 }
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let asked = self.used.saturating_add(desired.saturating_sub(current));
        if asked > self.limit {
            return Err(Exceeded::Memory { asked, limit: self.limit }.into());
        }
        self.used = asked;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > TABLE_ELEMENTS {
            return Err(Exceeded::Table { asked: desired }.into());
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }

    fn tables(&self) -> usize {
        TABLES
    }
}
