//! Every metric of the standing probe: name, unit and labels. `docs/monitor.md` has the same table for users.
//!
//! All names begin with `kubectl_pods_` and all series carry `source_node`, except those of the process.
//! A failed attempt is counted by its verdict and is never a latency sample; one that was only slow is.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use kubectl_pods_report::{Attempt, Certificate, Check, Judgement, TlsDetails, Verdict};
use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts,
    Registry,
};

/// Upper bounds, in seconds: pods on one node answer in fractions of a millisecond; a lost SYN makes a connection take 1.0 s,
/// two make it 2 or 3 s, so that `(0.9, 3]` counts lost SYNs.
const LATENCY_BUCKETS: [f64; 14] =
    [0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 0.9, 1.0, 3.0, 10.0];

/// Upper bounds, in seconds, for how late the probe itself wakes.
const LAG_BUCKETS: [f64; 8] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0];

/// A wake-up lag up to this many seconds is what timers are like, whatever was measured.
const ORDINARY_LAG_SECONDS: f64 = 0.005;

/// Labels of a check.
const CHECK: [&str; 2] = ["target", "protocol"];

/// Labels of a certificate beside them. Each is at most 120 characters long.
const CERTIFICATE: [&str; 2] = ["subject", "issuer"];

/// All metrics, registered.
pub(crate) struct Metrics {
    registry: Registry,
    of_checks: OfChecks,
    of_probe: OfProbe,
    /// Of whom the certificates of checks are, by whom: what a new one replaces.
    shown: Mutex<BTreeMap<[String; 2], [String; 2]>>,
}

/// Metrics with the labels of a check; their series vanish with it.
struct OfChecks {
    success: GaugeVec,
    attempts: IntCounterVec,
    connect: HistogramVec,
    duration: HistogramVec,
    discarded: IntCounterVec,
    rtt: GaugeVec,
    certificate_end: GaugeVec,
    certificate: GaugeVec,
    chain_trusted: GaugeVec,
    last_attempt: GaugeVec,
    missed: IntCounterVec,
}

/// Metrics of the probe itself.
struct OfProbe {
    wakeup_lag: Histogram,
    interval: Gauge,
    checks: IntGauge,
    config_good: IntGauge,
    config_loaded: Gauge,
}

#[rustfmt::skip] // One line for each metric reads as the table that it is.
impl OfChecks {
    fn new(registry: &Registry) -> prometheus::Result<Self> {
        let gauge = |name, help| register(registry, GaugeVec::new(Opts::new(name, help), &CHECK));
        let info = |name, help| register(registry, GaugeVec::new(Opts::new(name, help), &[CHECK, CERTIFICATE].concat()));
        let counter = |name, more: &[&'static str], help| {
            let labels: Vec<&str> = CHECK.into_iter().chain(more.iter().copied()).collect();
            register(registry, IntCounterVec::new(Opts::new(name, help), &labels))
        };
        let histogram = |name, help| register(registry, HistogramVec::new(buckets(name, help, &LATENCY_BUCKETS), &CHECK));
        Ok(Self {
            success: gauge("probe_success", "Whether the last attempt of which one can tell held (1) or failed (0).")?,
            attempts: counter("probe_attempts_total", &["judgement", "verdict"], "Finished attempts by judgement and verdict.")?,
            connect: histogram("probe_connect_seconds", "TCP handshakes of answered attempts, as the probe saw them.")?,
            duration: histogram("probe_duration_seconds", "Answered attempts as a whole, from name resolution to the last byte.")?,
            discarded: counter("probe_latency_discarded_total", &["sample"], "Latencies of answered attempts that were left out because the probe was held up for most of them.")?,
            rtt: gauge("probe_rtt_seconds", "Round-trip time in the last answered attempt, as the kernel saw it.")?,
            certificate_end: gauge("probe_ssl_earliest_cert_expiry_timestamp_seconds", "Unix time at which the first certificate ends of those that the server last showed.")?,
            certificate: info("probe_ssl_certificate_info", "Always 1; the labels say whose certificate the server last showed.")?,
            chain_trusted: gauge("probe_ssl_chain_trusted", "Whether the certificates that the server last showed are those that they should be (1) or not (0).")?,
            last_attempt: gauge("probe_last_attempt_timestamp_seconds", "Unix time at which the last finished attempt began.")?,
            missed: counter("probe_missed_rounds_total", &[], "Attempts that were left out because the probe was held up when they were due.")?,
        })
    }
}

#[rustfmt::skip] // As above.
impl OfProbe {
    fn new(registry: &Registry) -> prometheus::Result<Self> {
        let gauge = |name, help| register(registry, Gauge::new(name, help));
        let count = |name, help| register(registry, IntGauge::new(name, help));
        let build = IntGauge::with_opts(Opts::new("build_info", "Always 1; the version is a label.").const_label("version", crate::VERSION));
        register(registry, build)?.set(1);
        Ok(Self {
            wakeup_lag: register(registry, Histogram::with_opts(buckets("probe_wakeup_lag_seconds", "Longest delay of a timer of the probe itself in each attempt.", &LAG_BUCKETS)))?,
            interval: gauge("probe_interval_seconds", "Configured time between two attempts at one target.")?,
            checks: count("probe_checks", "Configured checks.")?,
            config_good: count("config_last_reload_successful", "Whether the configuration file as it is now is in force (1) or was refused (0).")?,
            config_loaded: gauge("config_last_reload_success_timestamp_seconds", "Unix time at which a configuration was last put into force.")?,
        })
    }
}

impl Metrics {
    /// Metrics of the probe on `node`.
    ///
    /// # Errors
    ///
    /// Only when a name is used twice.
    pub(crate) fn new(node: &str) -> prometheus::Result<Self> {
        let labels = HashMap::from([("source_node".to_owned(), node.to_owned())]);
        let registry = Registry::new_custom(Some("kubectl_pods".to_owned()), Some(labels))?;
        let (of_checks, of_probe) = (OfChecks::new(&registry)?, OfProbe::new(&registry)?);
        Ok(Self { registry, of_checks, of_probe, shown: Mutex::default() })
    }

    /// Takes in a finished attempt at `check`.
    pub(crate) fn record(&self, check: &Check, attempt: &Attempt) {
        let labels = labels(check);
        let (judgement, verdict) = (attempt.judgement.as_str(), attempt.verdict.as_str());
        let counted = [labels[0], labels[1], judgement, verdict];
        self.of_checks.attempts.with_label_values(&counted).inc();
        self.of_checks.last_attempt.with_label_values(&labels).set(attempt.started_seconds);
        let lag = attempt.evidence.starvation.map_or(0.0, |seen| seen.wakeup_lag_seconds);
        self.of_probe.wakeup_lag.observe(lag);
        let success = match attempt.judgement {
            Judgement::Held => Some(1.0),
            Judgement::Failed => Some(0.0),
            Judgement::Unknown => None,
        };
        if let Some(success) = success {
            self.of_checks.success.with_label_values(&labels).set(success);
        }
        if let Some(tls) = &attempt.details.tls {
            self.record_certificate(labels, tls);
        }
        if attempt.has_latency() {
            self.record_latency(labels, attempt, lag);
        }
    }

    /// Takes in what a server showed, if it did.
    fn record_certificate(&self, labels: [&str; 2], tls: &TlsDetails) {
        if let Some(end) = tls.earliest_end_seconds {
            #[expect(clippy::cast_precision_loss, reason = "exact for 285 million years")]
            self.of_checks.certificate_end.with_label_values(&labels).set(end as f64);
        }
        let Some(Certificate { subject, issuer, .. }) = &tls.certificate else { return };
        self.replace_certificate(labels, Some([subject.clone(), issuer.clone()]));
        let trusted = match tls.fault {
            None => 1.0,
            Some(fault) if fault.is_of_certificate() => 0.0,
            Some(_) => return, // Who fails in another way may have hidden what is thought of the chain.
        };
        self.of_checks.chain_trusted.with_label_values(&labels).set(trusted);
    }

    /// Notes of whom the certificate of a check is; the one before ends.
    fn replace_certificate(&self, labels: [&str; 2], new: Option<[String; 2]>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let key = labels.map(str::to_owned);
        let of = |[subject, issuer]: &[String; 2]| {
            [labels[0], labels[1], subject, issuer].map(str::to_owned)
        };
        let old = shown.remove(&key);
        if let Some(old) = old.filter(|old| new.as_ref() != Some(old)) {
            let _ = self.of_checks.certificate.remove_label_values(&of(&old));
        }
        if let Some(new) = new {
            self.of_checks.certificate.with_label_values(&of(&new)).set(1.0);
            shown.insert(key, new);
        }
    }

    fn record_latency(&self, labels: [&str; 2], attempt: &Attempt, lag: f64) {
        let samples = [
            ("connect", &self.of_checks.connect, attempt.phases.connect_seconds),
            ("duration", &self.of_checks.duration, Some(attempt.total_seconds)),
        ];
        for (name, histogram, seconds) in samples {
            let Some(seconds) = seconds else { continue };
            if is_trustworthy(seconds, lag) {
                histogram.with_label_values(&labels).observe(seconds);
            } else {
                self.of_checks.discarded.with_label_values(&[labels[0], labels[1], name]).inc();
            }
        }
        if let Some(seconds) = attempt.rtt_seconds() {
            self.of_checks.rtt.with_label_values(&labels).set(seconds);
        }
    }

    /// Counts attempts that were left out.
    pub(crate) fn record_missed(&self, check: &Check, rounds: u64) {
        self.of_checks.missed.with_label_values(&labels(check)).inc_by(rounds);
    }

    /// Notes that a configuration is in force since `now`.
    pub(crate) fn config_in_force(&self, checks: usize, every_seconds: f64, now: f64) {
        self.of_probe.checks.set(i64::try_from(checks).unwrap_or(i64::MAX));
        self.of_probe.interval.set(every_seconds);
        self.of_probe.config_loaded.set(now);
        self.of_probe.config_good.set(1);
    }

    /// Notes that the file as it is now is not in force.
    pub(crate) fn config_refused(&self) {
        self.of_probe.config_good.set(0);
    }

    /// Removes every series of `check`. Those that never were do not matter.
    pub(crate) fn forget(&self, check: &Check) {
        let labels = labels(check);
        let of = &self.of_checks;
        let of_tls = [&of.certificate_end, &of.chain_trusted];
        for gauge in [&of.success, &of.rtt, &of.last_attempt].into_iter().chain(of_tls) {
            let _ = gauge.remove_label_values(&labels);
        }
        self.replace_certificate(labels, None);
        for histogram in [&self.of_checks.connect, &self.of_checks.duration] {
            let _ = histogram.remove_label_values(&labels);
        }
        let _ = self.of_checks.missed.remove_label_values(&labels);
        for verdict in Verdict::all() {
            for judgement in Judgement::ALL {
                let counted = [labels[0], labels[1], judgement.as_str(), verdict.as_str()];
                let _ = self.of_checks.attempts.remove_label_values(&counted);
            }
        }
        for sample in ["connect", "duration"] {
            let _ = self.of_checks.discarded.remove_label_values(&[labels[0], labels[1], sample]);
        }
    }

    /// Everything as it is now.
    pub(crate) fn gather(&self) -> Vec<MetricFamily> {
        self.registry.gather()
    }
}

fn labels(check: &Check) -> [&str; 2] {
    [&check.target, check.ask.protocol().as_str()]
}

/// Whether a length is the network's: the probe's own lag is ordinary, or not most of it.
fn is_trustworthy(seconds: f64, lag: f64) -> bool {
    lag <= ORDINARY_LAG_SECONDS || lag < seconds / 2.0
}

fn buckets(name: &str, help: &str, bounds: &[f64]) -> HistogramOpts {
    HistogramOpts::new(name, help).buckets(bounds.to_vec())
}

fn register<C: Collector + Clone + 'static>(
    registry: &Registry,
    metric: prometheus::Result<C>,
) -> prometheus::Result<C> {
    let metric = metric?;
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Ask, Details, Facts, HttpRequest, Observation, Tls, TlsFault};
    use prometheus::TextEncoder;

    use super::*;

    fn check() -> Check {
        Check::new(0, "web", "web", Ask::https(443, Tls::default(), HttpRequest::default()))
    }

    /// An attempt that was shown a certificate of `subject`, if of any.
    fn attempt(subject: Option<&str>, fault: Option<TlsFault>) -> Attempt {
        let certificate = subject.map(|subject| Certificate {
            subject: subject.to_owned(),
            issuer: "CN=us".to_owned(),
            ..Certificate::default()
        });
        let tls = TlsDetails { certificate, fault, ..TlsDetails::default() };
        let details = Details { tls: Some(tls), ..Details::default() };
        Attempt::new(&check(), Facts { details, ..Facts::new(Observation::Open, "") })
    }

    /// The series of certificates.
    fn certificates(metrics: &Metrics) -> Vec<String> {
        let text = TextEncoder::new().encode_to_string(&metrics.gather()).expect("text");
        let of = |name: &str| format!("kubectl_pods_probe_ssl_{name}{{");
        let names = ["certificate_info", "chain_trusted"].map(of);
        let lines = text.lines().filter(|line| names.iter().any(|name| line.starts_with(name)));
        lines.map(str::to_owned).collect()
    }

    #[test]
    fn a_new_certificate_replaces_the_one_before() {
        let metrics = Metrics::new("n1").expect("metrics");
        let info = |subject: &str| {
            format!(
                "kubectl_pods_probe_ssl_certificate_info{{issuer=\"CN=us\",protocol=\"https\",subject=\"{subject}\",target=\"web\",source_node=\"n1\"}} 1"
            )
        };
        let trusted = |value: u8| {
            format!(
                "kubectl_pods_probe_ssl_chain_trusted{{protocol=\"https\",target=\"web\",source_node=\"n1\"}} {value}"
            )
        };
        let cases = [
            (Some("CN=old"), None, [info("CN=old"), trusted(1)]),
            (Some("CN=new"), Some(TlsFault::Expired), [info("CN=new"), trusted(0)]),
            (Some("CN=new"), None, [info("CN=new"), trusted(1)]),
            (None, Some(TlsFault::Closed), [info("CN=new"), trusted(1)]),
            (Some("CN=newer"), Some(TlsFault::ClientCertificate), [info("CN=newer"), trusted(1)]),
        ];
        for (subject, fault, series) in cases {
            metrics.record(&check(), &attempt(subject, fault));
            assert_eq!(certificates(&metrics), series, "{subject:?} {fault:?}");
        }
        metrics.forget(&check());
        assert_eq!(certificates(&metrics), [""; 0]);
    }
}
