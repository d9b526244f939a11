//! What is known about each check.

use std::collections::BTreeMap;

use kubectl_pods_report::{Attempt, Check, CheckResults, Verdict};

/// One check and what its attempts showed.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) check: Check,
    attempts: BTreeMap<Verdict, u64>,
    latest: Option<Attempt>,
    /// Whether the target was open when that could last be told, and since when.
    state: Option<(bool, f64)>,
}

impl Entry {
    pub(super) fn new(check: &Check) -> Self {
        Self { check: check.clone(), attempts: BTreeMap::new(), latest: None, state: None }
    }

    /// Whether attempts at `check` belong here: these two name its series.
    pub(super) fn is_of(&self, check: &Check) -> bool {
        self.check.target == check.target && self.check.protocol == check.protocol
    }

    pub(super) fn take_in(&mut self, attempt: Attempt) {
        *self.attempts.entry(attempt.verdict).or_default() += 1;
        // Attempts may overlap: one that began earlier and took longer is old news.
        if self
            .latest
            .as_ref()
            .is_some_and(|latest| latest.started_seconds > attempt.started_seconds)
        {
            return;
        }
        let open = attempt.verdict == Verdict::Open;
        if attempt.verdict.is_conclusive() && self.state.is_none_or(|(before, _)| before != open) {
            self.state = Some((open, attempt.started_seconds));
        }
        self.latest = Some(attempt);
    }

    /// For whoever asks: without what may be a secret, as number `index` of the configuration in force.
    pub(super) fn public(&self, index: u32) -> CheckResults {
        let mut check = self.check.clone();
        if let Some(http) = &mut check.http {
            http.body = None;
            for (_, value) in &mut http.headers {
                "(not shown)".clone_into(value);
            }
        }
        CheckResults {
            check,
            attempts: self.attempts.clone(),
            latest: self.latest.clone().map(|attempt| Attempt { check: index, ..attempt }),
            since_seconds: self.state.map(|(_, since)| since),
        }
    }
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Evidence, Expect, HttpRequest, Phases, Protocol};

    use super::*;

    fn check() -> Check {
        Check {
            target: "web".into(),
            host: "10.0.0.7".into(),
            port: 80,
            protocol: Protocol::Http,
            connect_timeout_seconds: 3.0,
            timeout_seconds: 10.0,
            http: Some(HttpRequest {
                headers: vec![("Authorization".into(), "Bearer secret".into())],
                body: Some("secret".into()),
                ..HttpRequest::default()
            }),
            expect: Expect::default(),
        }
    }

    fn attempt(started_seconds: f64, verdict: Verdict) -> Attempt {
        Attempt {
            target: "web".into(),
            check: 0,
            address: None,
            verdict,
            message: String::new(),
            started_seconds,
            total_seconds: 0.0,
            phases: Phases::default(),
            http_status: None,
            body_bytes: 0,
            evidence: Evidence::default(),
        }
    }

    #[test]
    fn the_state_turns_with_conclusive_attempts_only() {
        let mut entry = Entry::new(&check());
        let steps = [
            ("first", 1.0, Verdict::Open, Some(1.0)),
            ("still open", 2.0, Verdict::Open, Some(1.0)),
            ("starved tells nothing", 3.0, Verdict::Starved, Some(1.0)),
            ("gone", 4.0, Verdict::Dropped, Some(4.0)),
            ("gone in another way", 5.0, Verdict::Refused, Some(4.0)),
            ("old news", 2.5, Verdict::Open, Some(4.0)),
            ("back", 6.0, Verdict::Open, Some(6.0)),
        ];
        for (name, started, verdict, since) in steps {
            entry.take_in(attempt(started, verdict));
            assert_eq!(entry.public(0).since_seconds, since, "{name}");
        }
        assert_eq!(entry.public(0).attempts[&Verdict::Open], 4);
        assert_eq!(entry.public(0).latest.map(|latest| latest.started_seconds), Some(6.0));
    }

    #[test]
    fn secrets_are_not_shown() {
        let json = serde_json::to_string(&Entry::new(&check()).public(0)).expect("JSON");
        assert!(json.contains("Authorization") && !json.contains("secret"), "{json}");
    }
}
