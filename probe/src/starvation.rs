//! Whether the probe itself was held up: how late a timer wakes, and how long the cgroup was throttled.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kubectl_pods_report::Starvation;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// Time between two looks at the clock while attempts are under way, and between two looks at the cgroup.
const TICK: Duration = Duration::from_millis(10);

/// Share of a time limit that, when the probe slept through it, leaves nothing to be said about the target.
const STARVED_SHARE: f64 = 0.5;

/// Watches how late the executor wakes. Shared by all attempts.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    state: Mutex<State>,
    begun: Notify,
    throttle: Option<Throttle>,
}

#[derive(Debug, Default)]
struct State {
    /// When the next tick should come; absent while nothing is watched.
    due: Option<Instant>,
    /// For each open window: when it was opened, and the longest lag since.
    windows: BTreeMap<u64, (Instant, Duration)>,
    next: u64,
    /// For how long the cgroup had been throttled, and when that was read.
    throttled: Option<(Instant, Option<Duration>)>,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self { throttle: Throttle::find(), ..Self::default() }
    }

    /// Looks at the clock for as long as it is polled. Has to run beside the attempts, on the same executor.
    pub(crate) async fn tick(&self) -> Infallible {
        loop {
            let due = Instant::now() + TICK;
            if self.set_due(due) {
                sleep_until(due).await;
                self.note();
            } else {
                self.begun.notified().await;
            }
        }
    }

    /// Begins to watch; [`Window::close`] tells what was seen.
    pub(crate) fn open(&self) -> Window<'_> {
        let mut state = self.state();
        let id = state.next;
        state.next += 1;
        state.windows.insert(id, (Instant::now(), Duration::ZERO));
        let throttled_before = self.throttled(&mut state);
        drop(state);
        self.begun.notify_one();
        Window { watch: self, id, throttled_before }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For how long the cgroup has been throttled, as of a tick ago at most. Attempts by the thousand do not read the file
    /// by the thousand, and what they may miss is far too short to spoil one.
    fn throttled(&self, state: &mut State) -> Option<Duration> {
        let throttle = self.throttle.as_ref()?;
        let now = Instant::now();
        let fresh = state.throttled.filter(|(read, _)| now.duration_since(*read) < TICK);
        state.throttled.insert(fresh.unwrap_or_else(|| (now, throttle.read()))).1
    }

    /// Sets the next tick, unless nobody watches.
    fn set_due(&self, due: Instant) -> bool {
        let mut state = self.state();
        state.due = (!state.windows.is_empty()).then_some(due);
        state.due.is_some()
    }

    /// Adds the lateness of the tick that is due to every open window.
    fn note(&self) {
        let mut state = self.state();
        let Some(due) = state.due else { return };
        let now = Instant::now();
        for (opened, longest) in state.windows.values_mut() {
            *longest = lag(now, due, *opened).max(*longest);
        }
    }
}

/// How late a tick that was `due` is by `now`, as far as it concerns a window that was opened meanwhile.
fn lag(now: Instant, due: Instant, opened: Instant) -> Duration {
    now.saturating_duration_since(due.max(opened))
}

/// The time during which one attempt is watched.
pub(crate) struct Window<'a> {
    watch: &'a Watch,
    id: u64,
    throttled_before: Option<Duration>,
}

impl Window<'_> {
    /// What was seen since [`Watch::open`].
    pub(crate) fn close(self) -> Starvation {
        let mut state = self.watch.state();
        let window = state.windows.get(&self.id).copied();
        let (opened, longest) = window.unwrap_or_else(|| (Instant::now(), Duration::ZERO));
        // The attempt may have been woken before the tick that is overdue as well.
        let overdue = state.due.map_or(Duration::ZERO, |due| lag(Instant::now(), due, opened));
        let throttled = self.watch.throttled(&mut state).zip(self.throttled_before);
        Starvation {
            wakeup_lag_seconds: longest.max(overdue).as_secs_f64(),
            throttled_seconds: throttled
                .map(|(after, before)| after.saturating_sub(before).as_secs_f64()),
        }
    }
}

impl Drop for Window<'_> {
    fn drop(&mut self) {
        self.watch.state().windows.remove(&self.id);
    }
}

/// Whether the probe slept, in one piece, through most of `limit`.
pub(crate) fn overslept(seen: &Starvation, limit: Duration) -> bool {
    seen.wakeup_lag_seconds > limit.as_secs_f64() * STARVED_SHARE
}

/// Whether the probe was without processor for most of `limit`.
pub(crate) fn throttled(seen: &Starvation, limit: Duration) -> bool {
    seen.throttled_seconds.is_some_and(|seconds| seconds > limit.as_secs_f64() * STARVED_SHARE)
}

/// Where this process's cgroup tells how long it was throttled (cgroups(7), CFS bandwidth control).
#[derive(Debug)]
struct Throttle {
    path: PathBuf,
    field: &'static str,
    unit: Duration,
}

impl Throttle {
    /// Finds the file: version 2 first. In a container the path of `/proc/self/cgroup` may lie outside of what is
    /// mounted; then the root of the mount is the container's own cgroup.
    fn find() -> Option<Self> {
        let memberships = fs::read_to_string("/proc/self/cgroup").ok()?;
        let mount = Path::new("/sys/fs/cgroup");
        let candidates = memberships.lines().filter_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let (controllers, path) = (parts.next()?, parts.next()?.trim_start_matches('/'));
            match controllers {
                "" => Some((mount.to_owned(), path, "throttled_usec", Duration::from_micros(1))),
                list if list.split(',').any(|name| name == "cpu") => {
                    Some((mount.join("cpu"), path, "throttled_time", Duration::from_nanos(1)))
                }
                _ => None,
            }
        });
        candidates
            .flat_map(|(mount, path, field, unit)| {
                [(mount.join(path), field, unit), (mount, field, unit)]
            })
            .map(|(directory, field, unit)| Self { path: directory.join("cpu.stat"), field, unit })
            .find(|throttle| throttle.read().is_some())
    }

    fn read(&self) -> Option<Duration> {
        let text = fs::read_to_string(&self.path).ok()?;
        let nanoseconds = self.unit.as_nanos() * u128::from(field(&text, self.field)?);
        Some(Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX)))
    }
}

fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[tokio::test]
    async fn a_blocked_executor_is_noticed() {
        let watch = Watch::new();
        let attempt = async {
            let window = watch.open();
            tokio::time::sleep(TICK * 3).await;
            thread::sleep(Duration::from_millis(300));
            window.close()
        };
        let seen = tokio::select! {
            seen = attempt => seen,
            _ = watch.tick() => unreachable!("ticks for ever"),
        };
        assert!((0.28..1.0).contains(&seen.wakeup_lag_seconds), "{seen:?}");
        assert!(watch.state().windows.is_empty(), "a closed window is forgotten");
    }

    #[tokio::test]
    async fn a_free_executor_is_not_accused() {
        let watch = Watch::new();
        let attempt = async {
            let window = watch.open();
            tokio::time::sleep(Duration::from_millis(200)).await;
            window.close()
        };
        let seen = tokio::select! {
            seen = attempt => seen,
            _ = watch.tick() => unreachable!("ticks for ever"),
        };
        assert!(!overslept(&seen, Duration::from_millis(200)), "{seen:?}");
    }

    #[test]
    fn growth_of_the_throttled_time_is_that_of_the_window() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("cpu.stat");
        let set = |microseconds| {
            fs::write(&path, format!("throttled_usec {microseconds}\n")).expect("written");
        };
        let throttle = Throttle {
            path: path.clone(),
            field: "throttled_usec",
            unit: Duration::from_micros(1),
        };
        let watch = Watch { throttle: Some(throttle), ..Watch::default() };
        set(500_000);
        let window = watch.open();
        thread::sleep(TICK);
        set(1_250_000);
        assert_eq!(window.close().throttled_seconds, Some(0.75));

        fs::remove_file(&path).expect("removed");
        thread::sleep(TICK);
        assert_eq!(watch.open().close().throttled_seconds, None, "not readable is not zero");
    }

    #[test]
    fn half_the_limit_is_the_border() {
        let seen =
            |lag, throttled| Starvation { wakeup_lag_seconds: lag, throttled_seconds: throttled };
        let limit = Duration::from_secs(2);
        assert!(!overslept(&seen(1.0, None), limit));
        assert!(overslept(&seen(1.1, None), limit));
        assert!(!throttled(&seen(1.1, None), limit), "not readable is not throttled");
        assert!(throttled(&seen(0.0, Some(1.1)), limit));
    }

    #[test]
    fn cpu_stat_of_both_versions() {
        let v2 = "usage_usec 5\nnr_periods 0\nnr_throttled 7\nthrottled_usec 1500\n";
        let v1 = "nr_periods 3\nnr_throttled 1\nthrottled_time 2500000\n";
        assert_eq!(field(v2, "throttled_usec"), Some(1500));
        assert_eq!(field(v1, "throttled_time"), Some(2_500_000));
        assert_eq!(field(v1, "throttled_usec"), None);
    }
}
