//! What a resolver's answer means.

use std::net::IpAddr;

use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::Name;
use kubectl_pods_report::{Asked, NameAnswer};

use crate::prober::failure::ResolveFailure;

/// Why there is no address of `name`. Our own words: hickory's are for programmers.
pub(super) fn failure(name: &Name, error: &NetError) -> ResolveFailure {
    let name = name.to_string();
    let seen = match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => {
            return match none.response_code {
                ResponseCode::NXDomain => ResolveFailure::NoSuchName,
                ResponseCode::NoError => ResolveFailure::NoAddress,
                code => ResolveFailure::Server { name, code: Some(code) },
            };
        }
        NetError::Dns(DnsError::ResponseCode(code)) => {
            return ResolveFailure::Server { name, code: Some(*code) };
        }
        NetError::Timeout => "no answer in time".to_owned(),
        NetError::NoConnections => "no name server could be asked".to_owned(),
        NetError::Io(error) => error.to_string(),
        _ => return ResolveFailure::Server { name, code: None },
    };
    ResolveFailure::Silence { name, seen }
}

/// For the record.
pub(super) fn told(found: &Result<Vec<IpAddr>, ResolveFailure>) -> NameAnswer {
    match found {
        Ok(_) => NameAnswer::Found,
        Err(ResolveFailure::NoAddress) => NameAnswer::NoAddress,
        Err(ResolveFailure::Server { code, .. }) => NameAnswer::Failed(words(*code).to_owned()),
        Err(ResolveFailure::Silence { seen, .. }) => NameAnswer::Silence(seen.clone()),
        Err(_) => NameAnswer::NoSuchName,
    }
}

/// An answer's code in words.
pub(in super::super) fn words(code: Option<ResponseCode>) -> &'static str {
    code.map_or("an answer that cannot be read", ResponseCode::to_str)
}

/// Whether the next name of the search list is asked for after `failure`, as glibc does.
pub(super) fn leads_on(failure: &ResolveFailure) -> bool {
    match failure {
        ResolveFailure::NoSuchName | ResolveFailure::NoAddress => true,
        ResolveFailure::Server { code, .. } => *code == Some(ResponseCode::ServFail),
        _ => false,
    }
}

/// Which of two failures is told; of equally grave ones the first. As long as a resolver failed on any name, nobody knows
/// that there is no such name.
pub(super) fn graver(first: ResolveFailure, second: ResolveFailure) -> ResolveFailure {
    let gravity = |failure: &ResolveFailure| match failure {
        ResolveFailure::NoSuchName => 0,
        ResolveFailure::NoAddress => 1,
        _ => 2,
    };
    if gravity(&second) > gravity(&first) { second } else { first }
}

/// What programs that use glibc are told when `asked` is all that was asked for, as `getaddrinfo` words it. It tells what
/// was said of the name as it stands if that was asked for first; else, if any of the names exists, that; else that the
/// resolver failed, if it did; else what was said last (glibc, `__res_context_search`).
pub(in super::super) fn of_glibc(asked: &[Asked], host: &str) -> &'static str {
    let is_itself = |asked: &&Asked| asked.name.trim_end_matches('.') == host.trim_end_matches('.');
    let first = asked.first().filter(is_itself);
    let any = |wanted: fn(&NameAnswer) -> bool| asked.iter().find(|asked| wanted(&asked.answer));
    let empty = || any(|answer| *answer == NameAnswer::NoAddress);
    let servfail = ResponseCode::ServFail.to_str();
    let failed =
        || asked.iter().find(|asked| asked.answer == NameAnswer::Failed(servfail.to_owned()));
    match first.or_else(empty).or_else(failed).or(asked.last()).map(|asked| &asked.answer) {
        Some(NameAnswer::NoAddress) => "No address associated with hostname",
        Some(NameAnswer::Failed(_) | NameAnswer::Silence(_)) => {
            "Temporary failure in name resolution"
        }
        _ => "Name or service not known",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_resolver_is_told_before_a_missing_name() {
        let server = |name: &str| ResolveFailure::Server {
            name: name.into(),
            code: Some(ResponseCode::ServFail),
        };
        let missing = || ResolveFailure::NoSuchName;
        let empty = || ResolveFailure::NoAddress;
        assert_eq!(graver(server("a"), missing()), server("a"));
        assert_eq!(graver(missing(), server("a")), server("a"));
        assert_eq!(graver(server("a"), server("b")), server("a"));
        assert_eq!(graver(empty(), missing()), empty());
        assert_eq!(graver(missing(), empty()), empty());
    }

    /// As glibc 2.36 said with the same answers.
    #[test]
    fn programs_are_told_what_glibc_tells_them() {
        let (missing, empty) = (NameAnswer::NoSuchName, NameAnswer::NoAddress);
        let failed = NameAnswer::Failed("Server Failure".to_owned());
        let refused = NameAnswer::Failed("Query Refused".to_owned());
        let silent = NameAnswer::Silence("no answer in time".to_owned());
        let (unknown, no_address) =
            ("Name or service not known", "No address associated with hostname");
        let temporary = "Temporary failure in name resolution";
        let cases = [
            (vec![("web.a.", &missing), ("web.b.", &missing), ("web.", &missing)], unknown),
            (vec![("web.a.", &failed), ("web.b.", &missing), ("web.", &missing)], temporary),
            (vec![("web.a.", &missing), ("web.b.", &missing), ("web.", &refused)], temporary),
            (vec![("web.a.", &refused), ("web.", &missing)], unknown),
            (vec![("web.a.", &silent), ("web.", &missing)], unknown),
            (vec![("web.a.", &silent), ("web.", &silent)], temporary),
            (vec![("web.a.", &empty), ("web.b.", &missing), ("web.", &missing)], no_address),
            (vec![("web.", &missing), ("web.a.", &empty)], unknown),
        ];
        for (asked, expected) in cases {
            let asked = asked.iter();
            let asked: Vec<Asked> = asked
                .map(|(name, answer)| Asked { name: (*name).into(), answer: (*answer).clone() })
                .collect();
            assert_eq!(of_glibc(&asked, "web"), expected, "{asked:?}");
        }
    }
}
