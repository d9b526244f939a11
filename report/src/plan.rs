//! What a probe is asked to do.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Ask, Expectation, WIRE_VERSION};

/// Checks that a one-shot probe has under way at once. More would measure how they get in each other's way.
pub const CONCURRENT_CHECKS: usize = 64;

/// Addresses of one name that are tried, if every one is to be: more would be a DNS server's way to keep a probe busy.
pub const MAX_ADDRESSES: u32 = 16;
/// Limit for one handshake with a [`Standby`]: enough for a second SYN, which the kernel sends after 1 s.
pub const STANDBY_LIMIT: Duration = Duration::from_millis(1_500);
/// Time from one asking of what stands by to the next, of a standing probe: as long as there is trouble, it is the same.
pub const STANDBY_PAUSE: Duration = Duration::from_secs(10);

/// Everything one probe needs to know. The probe knows nothing of Kubernetes: names were resolved by the plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// [`crate::WIRE_VERSION`] of the writer.
    pub version: u32,
    /// What to check, in the order in which checks are begun.
    pub checks: Vec<Check>,
    /// Attempts for each check in a one-shot run; at least 1.
    #[serde(default = "one")]
    pub attempts: u32,
    /// Attempts that a one-shot run may write down one by one. If it makes more, it sums them up: a
    /// [`crate::Record::Summary`] for each check. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempt_records: Option<u64>,
    /// Time between two rounds of a standing probe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_seconds: Option<f64>,
    /// Certificates in PEM that are trusted instead of those that the probe knows; absent: those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roots: Option<String>,
}

/// One thing to check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Name of the check within its plan: no other has it. Attempts and records say whose they are by it.
    pub id: u32,
    /// What the user called the target: `nginx-ser`, `svc/web:8080`. Label of tables and metrics.
    pub target: String,
    /// Host name or IP address to ask (IPv6 without brackets).
    pub host: String,
    /// What to ask of it.
    pub ask: Ask,
    /// The address to connect to, whatever `host` resolves to: nothing is resolved then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The one family whose addresses of `host` count; absent: both, IPv4 first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// Try every address of `host`, [`MAX_ADDRESSES`] at most, instead of the first. One shot: an attempt at each. Standing:
    /// together they are one attempt, and the worst of them is told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub every_address: bool,
    /// How long to wait.
    pub limits: Limits,
    /// What must hold, all of it; empty: [`Expectation::Reached`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<Expectation>,
    /// Where the answer should come from in the end, as the endpoints of a Service. Each is asked for a TCP handshake, and
    /// only when an attempt at the check fails or is silent: that tells the way to them from themselves. Standing: when one has
    /// failed, and not more often than every [`STANDBY_PAUSE`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub standby: Vec<Standby>,
}

/// A place that is tried only if there is trouble: [`Check::standby`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standby {
    /// Its address.
    pub address: IpAddr,
    /// Its TCP port.
    pub port: u16,
}

/// A family of IP addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

/// How long an attempt may take.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Limit for name resolution and connection together.
    pub connect_seconds: f64,
    /// Limit for the whole attempt.
    pub total_seconds: f64,
}

impl Plan {
    /// A plan that makes one attempt at each check.
    #[must_use]
    pub const fn once(checks: Vec<Check>) -> Self {
        Self {
            version: WIRE_VERSION,
            checks,
            attempts: 1,
            max_attempt_records: None,
            every_seconds: None,
            roots: None,
        }
    }

    /// Attempts that a one-shot run makes in all, at most: how many addresses a name has, only the probe will know.
    #[must_use]
    pub fn all_attempts(&self) -> u64 {
        let places = self.checks.iter().map(|check| u64::from(check.places()));
        places.sum::<u64>().saturating_mul(u64::from(self.attempts))
    }

    /// Whether a one-shot run sums its attempts up.
    #[must_use]
    pub fn is_summed_up(&self) -> bool {
        self.max_attempt_records.is_some_and(|max| self.all_attempts() > max)
    }

    /// An upper bound for the time in which a one-shot probe has made all its attempts: [`CONCURRENT_CHECKS`] at once, those
    /// of one check one after the other. Getting the probe to run comes on top.
    #[must_use]
    pub fn longest_run(&self) -> Duration {
        let each = self.checks.iter().map(|check| check.longest_run_seconds(self.attempts));
        let (sum, longest) = each
            .fold((0.0, 0.0_f64), |(sum, longest), seconds| (sum + seconds, longest.max(seconds)));
        // A check begins as soon as one of those before it has ended. So no place is idle until the last check begins, and
        // that one takes the longest time at most (R. L. Graham, 1966). With equal limits counting rounds is closer.
        let busy = sum / as_f64(CONCURRENT_CHECKS) + longest;
        let rounds = as_f64(self.checks.len().div_ceil(CONCURRENT_CHECKS)) * longest;
        Duration::try_from_secs_f64(busy.min(rounds)).unwrap_or(Duration::MAX / 4)
    }
}

impl Family {
    /// Whether `address` belongs to it.
    #[must_use]
    pub const fn has(self, address: IpAddr) -> bool {
        matches!((self, address), (Self::Ipv4, IpAddr::V4(_)) | (Self::Ipv6, IpAddr::V6(_)))
    }
}

impl Check {
    /// A check that expects its target to be reached, within the usual limits.
    #[must_use]
    pub fn new(id: u32, target: impl Into<String>, host: impl Into<String>, ask: Ask) -> Self {
        Self {
            id,
            target: target.into(),
            host: host.into(),
            ask,
            address: None,
            family: None,
            every_address: false,
            limits: Limits::default(),
            expect: Vec::new(),
            standby: Vec::new(),
        }
    }

    /// Whether it trusts a further file: [`crate::Tls::ca_file`].
    #[must_use]
    pub fn needs_ca_file(&self) -> bool {
        matches!(&self.ask, Ask::Http { tls: Some(tls), .. } if tls.ca_file.is_some())
    }

    /// How many places it may lead to.
    #[must_use]
    pub const fn places(&self) -> u32 {
        if self.every_address { MAX_ADDRESSES } else { 1 }
    }

    /// The handshake with one of its [`Check::standby`], as a check with the same id.
    #[must_use]
    pub fn stand_in(&self, standby: &Standby) -> Self {
        let limit = STANDBY_LIMIT.as_secs_f64().min(self.limits.connect_seconds);
        let limits = Limits { connect_seconds: limit, total_seconds: limit };
        let host = standby.address.to_string();
        Self { limits, ..Self::new(self.id, host.clone(), host, Ask::tcp(standby.port)) }
    }

    /// An upper bound for the length of so many attempts at each of its places, one after the other, of finding them, and
    /// of asking what stands by.
    fn longest_run_seconds(&self, attempts: u32) -> f64 {
        let finding = if self.every_address { self.limits.connect_seconds } else { 0.0 };
        let each = finding + f64::from(self.places()) * self.limits.total_seconds;
        let standby = if self.standby.is_empty() { 0.0 } else { STANDBY_LIMIT.as_secs_f64() };
        each * f64::from(attempts) + standby
    }

    /// Whether `other` is the same but for its id, which is only a name within one plan.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        *other == Self { id: other.id, ..self.clone() }
    }

    /// Host and port as people write them: `10.0.0.7:80`, `[fd00::7]:80`, or the host alone where there is no port.
    #[must_use]
    pub fn authority(&self) -> String {
        match self.ask.port() {
            Some(port) if self.host.contains(':') => format!("[{}]:{port}", self.host),
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }
}

impl Default for Limits {
    /// 3 s to connect, 10 s in all.
    fn default() -> Self {
        Self { connect_seconds: 3.0, total_seconds: 10.0 }
    }
}

const fn one() -> u32 {
    1
}

/// Exact for every number of checks that fits into a plan.
fn as_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(limits: &[f64], attempts: u32) -> Plan {
        let check = |total_seconds: &f64| Check {
            limits: Limits { connect_seconds: 1.0, total_seconds: *total_seconds },
            ..Check::new(0, "web", "10.0.0.7", Ask::tcp(80))
        };
        Plan { attempts, ..Plan::once(limits.iter().map(check).collect()) }
    }

    #[test]
    fn the_longest_run_counts_attempts_as_they_run() {
        let mut one_is_long = vec![1.0; 639];
        one_is_long.push(60.0);
        let cases = [
            ("nothing", vec![], 1, 0.0),
            ("one", vec![10.0], 1, 10.0),
            ("as many as run at once", vec![10.0; 64], 1, 10.0),
            ("one more", vec![10.0; 65], 1, 20.0),
            ("five hundred", vec![10.0; 500], 1, 80.0),
            ("three attempts each", vec![10.0; 65], 3, 60.0),
            ("one long check does not count for all", one_is_long, 1, 699.0 / 64.0 + 60.0),
        ];
        for (name, limits, attempts, seconds) in cases {
            let longest = plan(&limits, attempts).longest_run().as_secs_f64();
            assert!((longest - seconds).abs() < 1e-6, "{name}: {longest} s");
        }
        let for_ever = plan(&[f64::MAX; 100], u32::MAX).longest_run();
        assert_eq!(for_ever, Duration::MAX / 4, "no limit is too long");
        let mut guarded = plan(&[10.0], 3);
        let address = "10.0.0.8".parse().expect("an address");
        guarded.checks[0].standby.push(Standby { address, port: 8080 });
        assert_eq!(guarded.longest_run(), Duration::from_secs(30) + STANDBY_LIMIT);
    }

    #[test]
    fn a_stand_in_is_a_handshake_under_the_same_id() {
        let address = "fd00::8".parse().expect("an address");
        let mut check = Check::new(7, "svc/web", "fd00::1", Ask::tcp(80));
        let stand_in = check.stand_in(&Standby { address, port: 8080 });
        assert_eq!((stand_in.id, stand_in.authority().as_str()), (7, "[fd00::8]:8080"));
        assert_eq!(stand_in.ask, Ask::tcp(8080));
        assert!((stand_in.limits.total_seconds - 1.5).abs() < 1e-9, "{stand_in:?}");
        check.limits.connect_seconds = 0.5;
        let stand_in = check.stand_in(&Standby { address, port: 8080 });
        assert!((stand_in.limits.total_seconds - 0.5).abs() < 1e-9, "no longer than the check");
    }

    #[test]
    fn an_authority_has_a_port_where_there_is_one() {
        let cases = [("10.0.0.7", "10.0.0.7:80"), ("fd00::7", "[fd00::7]:80"), ("web", "web:80")];
        for (host, authority) in cases {
            assert_eq!(Check::new(0, "web", host, Ask::tcp(80)).authority(), authority);
        }
    }
}
