//! How a verdict looks, wherever one is shown.

use kubectl_pods_report::{Judgement, Verdict};
use table::grid::{Cell, Role};

/// A verdict in the colour of what was expected of it.
#[must_use]
pub fn verdict(verdict: Verdict, judgement: Judgement) -> Cell {
    let role = match judgement {
        Judgement::Held => Role::Good,
        Judgement::Failed => Role::Bad,
        Judgement::Unknown => Role::Warn,
    };
    Cell::new(verdict.as_str(), role)
}
