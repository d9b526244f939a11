//! What is said of the measurements, and whether the bars are met.

use std::time::Duration;

use super::contest::{Contestant, Who, load};

/// What may be of kubectl's median, from the command to the verdict: our median, our 95th percentile.
const MEDIAN_BAR: f64 = 0.15;
const P95_BAR: f64 = 0.25;
/// How long a check of many targets may take in all.
const MANY_BAR: Duration = Duration::from_secs(5);
/// How much longer a report with causes may take than one without.
const CAUSES_BAR: Duration = Duration::from_millis(150);

/// Prints the table and the bars.
pub(super) fn print(contestants: &[Contestant], debug: bool) {
    let build = if debug { "dev" } else { "release" };
    let runs = contestants.first().map_or(0, |first| first.to_end.len());
    println!(
        "\n| command ({build} build, n = {runs}, load {} at the end) | to its answer, min / median / p95 / max | to its end |",
        load()
    );
    println!("|---|---|---|");
    for contestant in contestants {
        let (answer, end) = (&contestant.to_answer, &contestant.to_end);
        println!(
            "| `{}` | {} | {} |",
            contestant.line(),
            answer.summary_with_p95(),
            end.summary_with_p95()
        );
    }
    println!();
    for (what, value, bar, is_met) in bars(contestants) {
        println!("{what}: {value}, at most {bar}: {}", if is_met { "met" } else { "NOT met" });
    }
}

/// What is asked for: of what, how much it is, how much it may be, and whether it is less.
fn bars(contestants: &[Contestant]) -> Vec<(String, String, String, bool)> {
    let find = |who| contestants.iter().find(|contestant| contestant.who == who);
    let [Some(peer), Some(many), Some(told), Some(untold)] =
        [Who::Peer, Who::Many, Who::Told, Who::Untold].map(find)
    else {
        return Vec::new();
    };
    let seconds = |duration: Duration| format!("{:.3} s", duration.as_secs_f64());
    let whole = peer.to_end.median().as_secs_f64();
    let mut bars = Vec::new();
    for ours in [Who::Check, Who::Curl].into_iter().filter_map(find) {
        let of_peer = [(ours.to_answer.median(), MEDIAN_BAR), (ours.to_answer.p95(), P95_BAR)];
        for (name, (value, bar)) in ["median", "95th percentile"].into_iter().zip(of_peer) {
            let ratio = value.as_secs_f64() / whole;
            let what =
                format!("`{}`, {name} to its answer, of kubectl's median to its end", ours.line());
            bars.push((what, format!("{ratio:.3}"), bar.to_string(), ratio <= bar));
        }
    }
    let median = many.to_end.median();
    bars.push((
        format!("`{}`, median to its end", many.line()),
        seconds(median),
        seconds(MANY_BAR),
        median <= MANY_BAR,
    ));
    let more = told.to_answer.median().saturating_sub(untold.to_answer.median());
    bars.push((
        "causes, medians to the answer".to_owned(),
        seconds(more),
        seconds(CAUSES_BAR),
        more <= CAUSES_BAR,
    ));
    bars
}
