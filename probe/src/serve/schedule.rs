//! When attempts are made.
//!
//! Every check has its own clock: it is tried at fixed instants, one interval apart, whatever became of earlier
//! attempts. A target that stays silent neither delays nor thins its own samples, nor those of others. Where in the
//! interval a check's instants lie follows from its name and its node, so that probes do not all fire together.
//!
//! What stands by for a check is asked beside that, after a failure and not too often; it has no clock and no metric.

use std::collections::hash_map::DefaultHasher;
use std::convert::Infallible;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use kubectl_pods_report::{Attempt, Check, Judgement, STANDBY_PAUSE};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use super::{App, Config, ConfigError, ConfigFile, warn};
use crate::prober::{Machine, Prepared};
use crate::standby::{ask_all, stand_ins};

/// Time between two looks at the configuration file.
const CONFIG_POLL: Duration = Duration::from_secs(2);

/// A new check is tried for the first time within this time, so that a long interval does not mean a long wait.
const FIRST_ATTEMPT: Duration = Duration::from_secs(1);

/// Carries out the checks of `file` for as long as it is polled, and follows the file when it changes.
///
/// # Errors
///
/// When the file cannot be put into force at the start. Later the last good configuration stays in force, and the error is
/// told in the log, in `/results` and as a metric.
pub async fn keep_checking(app: Arc<App>, mut file: ConfigFile) -> Result<Infallible, ConfigError> {
    let mut schedule = Schedule::new(Arc::clone(&app));
    let mut found = file.read();
    if let Err(error) = found {
        return Err(error);
    }
    loop {
        match found {
            Ok(Some(config)) => schedule.follow(config),
            Ok(None) => {}
            Err(error) => {
                let error = format!("{:#}", anyhow::Error::from(error));
                warn(&format!("configuration not in force: {error}"));
                app.note_config_error(error);
            }
        }
        sleep(CONFIG_POLL).await;
        // A small file on a file system in memory: quicker read than handed to another thread.
        found = file.read();
    }
}

/// The checks that are being repeated. Dropping it ends them.
struct Schedule {
    app: Arc<App>,
    machine: Arc<Machine>,
    every: Duration,
    roots: Option<String>,
    tasks: JoinSet<()>,
    running: Vec<(Prepared, AbortHandle)>,
}

impl Schedule {
    fn new(app: Arc<App>) -> Self {
        let machine = Arc::new(Machine::new());
        let mut tasks = JoinSet::new();
        let watched = Arc::clone(&machine);
        tasks.spawn(async move { match watched.watch.tick().await {} });
        Self { app, machine, every: Duration::ZERO, roots: None, tasks, running: Vec::new() }
    }

    /// Ends what is not in `config`, begins what is new in it, and leaves alone what stays.
    fn follow(&mut self, config: Config) {
        let every = Duration::from_secs_f64(config.plan.every_seconds);
        let same_way = every == self.every && config.plan.roots == self.roots;
        (self.every, self.roots) = (every, config.plan.roots.clone());
        while self.tasks.try_join_next().is_some() {} // What was ended before can be forgotten.
        self.machine.prepare(&config.plan.checks);
        let stays = |old: &Prepared| {
            same_way && config.plan.checks.iter().any(|new| new.check.is_same_as(&old.check))
        };
        self.running.retain(|(old, task)| {
            let stays = stays(old);
            if !stays {
                task.abort();
            }
            stays
        });
        self.app.put_into_force(&config);
        for new in config.plan.checks {
            if !self.running.iter().any(|(running, _)| running.check.is_same_as(&new.check)) {
                let (app, machine) = (Arc::clone(&self.app), Arc::clone(&self.machine));
                let task = self.tasks.spawn(repeat(app, machine, new.clone(), every));
                self.running.push((new, task));
            }
        }
    }
}

/// Tries one check again and again.
async fn repeat(app: Arc<App>, machine: Arc<Machine>, prepared: Prepared, every: Duration) {
    let begun = Instant::now();
    let share = share_of_interval(app.node(), &prepared.check);
    let mut instants = interval_at(begun + every.mul_f64(share), every);
    instants.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut due_before: Option<Instant> = None;
    let (nobody, _) = mpsc::channel(1);
    let mut under_way = FuturesUnordered::new();
    let stand_ins = stand_ins(&prepared.check);
    let (mut pause, mut aside) = (Pause::default(), FuturesUnordered::new());
    if every > FIRST_ATTEMPT {
        sleep(FIRST_ATTEMPT.mul_f64(share)).await;
        under_way.push(machine.attempt_everywhere(&prepared, &nobody));
    }
    loop {
        tokio::select! {
            due = instants.tick() => {
                let missed = due_before.map_or(0, |before| missed_between(before, due, every));
                if missed > 0 {
                    app.record_missed(&prepared.check, missed);
                }
                due_before = Some(due);
                under_way.push(machine.attempt_everywhere(&prepared, &nobody));
            }
            Some(round) = under_way.next() => {
                if !stand_ins.is_empty() && pause.is_over(&round.attempt, Instant::now()) {
                    aside.push(ask_all(&machine, &stand_ins));
                }
                app.record(&prepared.check, round);
            }
            Some(direct) = aside.next() => app.record_direct(&prepared.check, direct),
        }
    }
}

/// When what stands by for a check was asked last.
#[derive(Default)]
struct Pause {
    last: Option<Instant>,
}

impl Pause {
    /// Whether it is to be asked after this attempt at the check. If so, the next pause begins.
    fn is_over(&mut self, attempt: &Attempt, now: Instant) -> bool {
        let rested = self.last.is_none_or(|last| now.duration_since(last) >= STANDBY_PAUSE);
        let is_over = attempt.judgement == Judgement::Failed && rested;
        if is_over {
            self.last = Some(now);
        }
        is_over
    }
}

/// Instants that passed between two that were kept.
fn missed_between(before: Instant, due: Instant, every: Duration) -> u64 {
    let intervals = (due - before).as_nanos() / every.as_nanos().max(1);
    u64::try_from(intervals).unwrap_or(u64::MAX).saturating_sub(1)
}

/// Where in the interval the instants of a check lie: 0 to 1, always the same for the same check on the same node.
fn share_of_interval(node: &str, check: &Check) -> f64 {
    let mut hasher = DefaultHasher::new();
    (node, &check.target, check.ask.protocol().as_str()).hash(&mut hasher);
    let thousandths = u32::try_from(hasher.finish() % 1000).unwrap_or_default();
    f64::from(thousandths) / 1000.0
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Ask, Facts, Observation};

    use super::*;

    #[test]
    fn what_stands_by_is_asked_after_a_failure_and_not_too_often() {
        use Observation::{Open, Refused, Starved};
        let check = Check::new(0, "svc/web", "web", Ask::tcp(80));
        let (begin, mut pause) = (Instant::now(), Pause::default());
        let cases = [
            ("no trouble", 0, Open, false),
            ("our own trouble", 1, Starved, false),
            ("trouble", 2, Refused, true),
            ("just now", 11, Refused, false),
            ("well again", 12, Open, false),
            ("a while ago", 13, Refused, true),
        ];
        for (name, second, seen, asked) in cases {
            let attempt = Attempt::new(&check, Facts::new(seen, ""));
            let now = begin + Duration::from_secs(second);
            assert_eq!(pause.is_over(&attempt, now), asked, "{name}");
        }
    }
}
