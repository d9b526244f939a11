//! How a judgement looks, wherever one is shown.

use kubectl_pods_report::Judgement;
use table::grid::Role;

/// Good, bad or uncertain news.
#[must_use]
pub const fn role(judgement: Judgement) -> Role {
    match judgement {
        Judgement::Held => Role::Good,
        Judgement::Failed => Role::Bad,
        Judgement::Unknown => Role::Warn,
    }
}
