//! What the process itself uses, under the names that every Prometheus client library gives it.

use std::fs;

use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage};
use nix::sys::time::TimeValLike;
use nix::unistd::{SysconfVar, sysconf};
use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge};

/// The metrics as they are now. What cannot be read is left out.
pub(super) fn gather(started_seconds: f64) -> Vec<MetricFamily> {
    let gauges = [
        (
            "process_start_time_seconds",
            "Start time of the process in Unix time.",
            Some(started_seconds),
        ),
        ("process_resident_memory_bytes", "Resident memory size in bytes.", resident_bytes()),
        ("process_open_fds", "Number of open file descriptors.", open_fds()),
        ("process_max_fds", "Maximum number of open file descriptors.", max_fds()),
    ];
    let gauges = gauges.into_iter().filter_map(|(name, help, value)| gauge(name, help, value?));
    gauges.chain(cpu_seconds().and_then(cpu)).flatten().collect()
}

fn gauge(name: &str, help: &str, value: f64) -> Option<Vec<MetricFamily>> {
    let gauge = Gauge::new(name, help).ok()?;
    gauge.set(value);
    Some(gauge.collect())
}

fn cpu(seconds: f64) -> Option<Vec<MetricFamily>> {
    let name = "process_cpu_seconds_total";
    let counter = Counter::new(name, "Total user and system CPU time spent in seconds.").ok()?;
    counter.inc_by(seconds);
    Some(counter.collect())
}

fn cpu_seconds() -> Option<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let microseconds = (usage.user_time() + usage.system_time()).num_microseconds();
    u32::try_from(microseconds / 1000).ok().map(|milliseconds| f64::from(milliseconds) / 1000.0)
}

/// The second number in `/proc/self/statm` counts resident pages (proc(5)).
fn resident_bytes() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u32 = text.split(' ').nth(1)?.parse().ok()?;
    let page_size = u32::try_from(sysconf(SysconfVar::PAGE_SIZE).ok()??).ok()?;
    Some(f64::from(pages) * f64::from(page_size))
}

fn open_fds() -> Option<f64> {
    let count = fs::read_dir("/proc/self/fd").ok()?.count();
    // Reading the directory takes one itself.
    u32::try_from(count.saturating_sub(1)).ok().map(f64::from)
}

fn max_fds() -> Option<f64> {
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    u32::try_from(soft).ok().map(f64::from)
}
