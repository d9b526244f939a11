//! What was expected of a target, and the one place that holds an observation against it.
//!
//! An attempt says what was seen; only [`judge`] says whether that is right. Nothing else compares an observation
//! with what somebody hoped for: it asks the [`Judgement`], or the methods of [`crate::Attempt`].

use serde::{Deserialize, Serialize};

use crate::{Facts, HttpDetails, Observation, Phase, Verdict};

/// Something that must hold of an attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "expect", rename_all = "lowercase")]
pub enum Expectation {
    /// The protocol was spoken to its end.
    Reached,
    /// Somebody on the way lets nothing pass. See [`judge`] for what one end can tell of that.
    Denied,
    /// The HTTP status is in one of these inclusive ranges.
    Status {
        /// At least one.
        ranges: Vec<(u16, u16)>,
    },
    /// The body has this text in it. [`crate::HttpRequest::find`] must ask for it.
    Body {
        /// The text.
        contains: String,
    },
    /// A part of the attempt, or the whole, is not longer than this.
    Latency {
        /// Which part.
        of: Phase,
        /// Limit in seconds.
        at_most_seconds: f64,
    },
}

/// Whether what was seen is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Judgement {
    /// It is as expected.
    Held,
    /// It is not, and that is certain.
    Failed,
    /// One cannot tell.
    Unknown,
}

/// How many attempts were judged how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Attempts that held.
    pub held: u64,
    /// Attempts that failed, which is certain.
    pub failed: u64,
    /// Attempts of which one cannot tell, or which were not made.
    pub unknown: u64,
}

/// What an attempt means.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Whether it is right.
    pub judgement: Judgement,
    /// The word for people.
    pub verdict: Verdict,
    /// The first expectation that was not met, or of which one cannot tell.
    pub unmet: Option<Expectation>,
    /// The sentence for people: of what was seen, or of what is not as expected.
    pub message: String,
}

/// What one expectation makes of an attempt. Without a word or a sentence of its own, those of the observation stand.
struct Finding {
    judgement: Judgement,
    verdict: Option<Verdict>,
    sentence: Option<String>,
}

/// Holds what was seen against what was expected.
///
/// Every expectation must hold: one that certainly does not makes the attempt `failed`, else one of which one cannot tell
/// makes it `unknown`. Nothing expected means [`Expectation::Reached`]. A probe that was starved or did not run knows
/// nothing, whatever was expected.
///
/// A **denial** is judged as far as one end can tell. Held: silence (`dropped`), and an ICMP error by which somebody says
/// that he does not let it pass (`rejected`, [`crate::IcmpError::is_denial`]). Failed: whatever shows that a connection came
/// about. Unknown: a reset (`refused`: a closed port looks the same; `empty-reply`: so does a mesh's proxy that denies after
/// it accepted), other ICMP errors and `no-route` (there may be no way or nobody there), a name that was not resolved, a
/// target that has ended or does not exist (nothing was sent), another owner (`wrong-peer`). That a silent target lives at all is for
/// whoever asks it from a place that is allowed.
#[must_use]
pub fn judge(expect: &[Expectation], facts: &Facts) -> Judged {
    let expect = if expect.is_empty() { &[Expectation::Reached] } else { expect };
    let findings = || expect.iter().map(|expectation| (expectation, expectation.find(facts)));
    let first = |judgement| findings().find(|(_, finding)| finding.judgement == judgement);
    let Some((expectation, finding)) =
        first(Judgement::Failed).or_else(|| first(Judgement::Unknown))
    else {
        return Judged {
            judgement: Judgement::Held,
            verdict: facts.observation.into(),
            unmet: None,
            message: facts.message.clone(),
        };
    };
    Judged {
        judgement: finding.judgement,
        verdict: finding.verdict.unwrap_or(facts.observation.into()),
        unmet: Some(expectation.clone()),
        message: finding.sentence.unwrap_or_else(|| facts.message.clone()),
    }
}

impl Expectation {
    /// What this one expectation makes of `facts`.
    fn find(&self, facts: &Facts) -> Finding {
        match (self, facts.observation) {
            (_, Observation::Starved | Observation::NotRun | Observation::Silent) => {
                Finding::of(Judgement::Unknown)
            }
            (Self::Denied, _) => denied(facts),
            (Self::Reached, Observation::Open) => Finding::of(Judgement::Held),
            (Self::Status { ranges }, Observation::Open) => status(ranges, facts.http()),
            (Self::Body { contains }, Observation::Open) => body(contains, facts.http()),
            (Self::Latency { of, at_most_seconds }, Observation::Open) => {
                latency(*of, *at_most_seconds, facts)
            }
            _ => Finding::of(Judgement::Failed),
        }
    }
}

impl Finding {
    const fn of(judgement: Judgement) -> Self {
        Self { judgement, verdict: None, sentence: None }
    }

    fn with(judgement: Judgement, verdict: Verdict, sentence: String) -> Self {
        Self { judgement, verdict: Some(verdict), sentence: Some(sentence) }
    }
}

fn denied(facts: &Facts) -> Finding {
    let judgement = match facts.observation {
        Observation::Dropped => Judgement::Held,
        Observation::Rejected if is_denial(facts) => Judgement::Held,
        Observation::Open
        | Observation::TlsHandshake
        | Observation::TlsCertificate
        | Observation::NotHttp
        | Observation::NotServing
        | Observation::CutShort
        | Observation::Stalled => Judgement::Failed,
        Observation::Refused
        | Observation::Rejected
        | Observation::Silent
        | Observation::NoRoute
        | Observation::DnsNxdomain
        | Observation::DnsNodata
        | Observation::DnsServfail
        | Observation::DnsTimeout
        | Observation::EmptyReply
        | Observation::WrongPeer
        | Observation::Stopped
        | Observation::Absent
        | Observation::Starved
        | Observation::NotRun => Judgement::Unknown,
    };
    let sentence = match judgement {
        Judgement::Held => None,
        Judgement::Failed => Some(format!("{}, and was to be denied", facts.message)),
        Judgement::Unknown => Some(format!("{}; that is no proof of a denial", facts.message)),
    };
    Finding { judgement, verdict: None, sentence }
}

fn is_denial(facts: &Facts) -> bool {
    let v6 = facts.address.is_some_and(|address| address.is_ipv6());
    facts.evidence.icmp.is_some_and(|icmp| icmp.is_denial(v6))
}

fn status(ranges: &[(u16, u16)], http: Option<&HttpDetails>) -> Finding {
    let Some(status) = http.map(|http| http.status) else {
        return Finding::of(Judgement::Unknown); // No plan that asks for this is carried out.
    };
    if ranges.iter().any(|(low, high)| (*low..=*high).contains(&status)) {
        return Finding::of(Judgement::Held);
    }
    let sentence = format!("HTTP status {status} is not an expected one");
    Finding::with(Judgement::Failed, Verdict::HttpStatus, sentence)
}

fn body(text: &String, http: Option<&HttpDetails>) -> Finding {
    let Some(http) = http else {
        return Finding::of(Judgement::Unknown); // As above.
    };
    if http.found.contains(text) {
        return Finding::of(Judgement::Held);
    }
    let bytes = http.body_bytes;
    let (judgement, sentence) = if http.truncated {
        let read = format!("the expected text is not in the first {bytes} bytes of the body");
        (Judgement::Unknown, format!("{read}, and no more was read"))
    } else {
        let read = format!("the expected text is not in the {bytes} bytes of the body");
        (Judgement::Failed, read)
    };
    Finding::with(judgement, Verdict::BodyMismatch, sentence)
}

fn latency(of: Phase, at_most: f64, facts: &Facts) -> Finding {
    // A phase that there was not took no time. Plans that ask for one that cannot be are refused.
    let seconds = facts.seconds(of).unwrap_or_default();
    if seconds <= at_most {
        return Finding::of(Judgement::Held);
    }
    let held_up = facts.evidence.starvation.map_or(0.0, |seen| seen.held_up_seconds());
    let took = format!("{} took {seconds:.3} s, expected at most {at_most} s", of.as_str());
    if seconds - held_up <= at_most {
        let sentence = format!("{took}, but the probe itself was held up for {held_up:.3} s");
        return Finding::with(Judgement::Unknown, Observation::Starved.into(), sentence);
    }
    Finding::with(Judgement::Failed, Verdict::Slow, took)
}

impl Judgement {
    /// The word used in JSON and metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// Every judgement.
    pub const ALL: [Self; 3] = [Self::Held, Self::Failed, Self::Unknown];
}

impl Counts {
    /// Counts so many more.
    pub const fn add(&mut self, judgement: Judgement, attempts: u64) {
        let count = match judgement {
            Judgement::Held => &mut self.held,
            Judgement::Failed => &mut self.failed,
            Judgement::Unknown => &mut self.unknown,
        };
        *count = count.saturating_add(attempts);
    }

    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.held.saturating_add(self.failed).saturating_add(self.unknown)
    }

    /// One for all: failed if any did, else unknown if any is, else held.
    #[must_use]
    pub const fn judgement(&self) -> Judgement {
        match (self.failed, self.unknown) {
            (0, 0) => Judgement::Held,
            (0, _) => Judgement::Unknown,
            _ => Judgement::Failed,
        }
    }
}

impl FromIterator<Judgement> for Counts {
    fn from_iter<I: IntoIterator<Item = Judgement>>(judgements: I) -> Self {
        let mut counts = Self::default();
        judgements.into_iter().for_each(|judgement| counts.add(judgement, 1));
        counts
    }
}

#[cfg(test)]
mod tests;
