//! Facts of X.509 certificates (RFC 5280), for people.

use std::net::IpAddr;

use kubectl_pods_report::Certificate;
use rustls_pki_types::{CertificateDer, UnixTime};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::time::ASN1Time;

use crate::text::printable_part;

/// Characters of a distinguished name that are told.
const NAME_MAX_CHARS: usize = 120;
/// Characters of all other names together that are told.
const NAMES_MAX_CHARS: usize = 400;

/// What the certificate says of itself at `now`; nothing if it cannot be read.
pub(super) fn facts(der: &CertificateDer<'_>, now: UnixTime) -> Option<Certificate> {
    let certificate = parse(der)?;
    let validity = certificate.validity();
    let mut names = names(&certificate);
    let all = names.len();
    let mut room = NAMES_MAX_CHARS;
    let fits = names.iter().take_while(|name| {
        let left = room.checked_sub(name.chars().count());
        room = left.unwrap_or(0);
        left.is_some()
    });
    let shown = fits.count();
    names.truncate(shown);
    let certificate = Certificate {
        subject: printable_part(&certificate.subject().to_string(), NAME_MAX_CHARS),
        issuer: printable_part(&certificate.issuer().to_string(), NAME_MAX_CHARS),
        not_before_seconds: validity.not_before.timestamp(),
        not_after_seconds: validity.not_after.timestamp(),
        days_left: 0,
        names,
        more_names: all - shown,
        is_ca: certificate.is_ca(),
    };
    Some(certificate.at(i64::try_from(now.as_secs()).unwrap_or(i64::MAX)))
}

/// Unix time at which the first of these certificates ends.
pub(super) fn earliest_end(own: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Option<i64> {
    let ends = [own].into_iter().chain(others).filter_map(parse);
    ends.map(|certificate| certificate.validity().not_after.timestamp()).min()
}

/// Whether one of these certificates vouches for itself.
pub(super) fn has_root(certificates: &[CertificateDer<'_>]) -> bool {
    certificates.iter().filter_map(parse).any(|it| it.subject() == it.issuer())
}

/// A moment as people write it: `2026-11-01 10:11 UTC`.
pub(super) fn moment(unix_seconds: i64) -> String {
    let Ok(time) = ASN1Time::from_timestamp(unix_seconds) else {
        return format!("{unix_seconds} s after 1970");
    };
    let time = time.to_datetime();
    let month = u8::from(time.month());
    let (year, day, hour, minute) = (time.year(), time.day(), time.hour(), time.minute());
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}

fn parse<'a>(der: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    x509_parser::parse_x509_certificate(der).ok().map(|(_, certificate)| certificate)
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let extension = certificate.subject_alternative_name().ok().flatten();
    let names = extension.iter().flat_map(|extension| &extension.value.general_names);
    names.filter_map(name).collect()
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(printable_part(name, NAMES_MAX_CHARS)),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let address = v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
            address.ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_certificate_is_told_as_people_know_it() {
        let names = ["web.shop.svc", "*.example.org", "10.0.0.7", "fd00::7"].map(str::to_owned);
        let mut parameters = rcgen::CertificateParams::new(names).expect("names");
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "web");
        parameters.not_before = rcgen::date_time_ymd(2026, 1, 2);
        parameters.not_after = rcgen::date_time_ymd(2026, 11, 1);
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate = parameters.self_signed(&key).expect("a certificate");
        let end = 1_793_491_200;
        let now = UnixTime::since_unix_epoch(Duration::from_secs(end - 90_000));
        let facts = facts(certificate.der(), now).expect("readable");
        assert_eq!(facts.days_left, 1, "and an hour");
        assert!(facts.subject.contains("CN=web"), "{facts:#?}");
        assert_eq!(facts.names, ["web.shop.svc", "*.example.org", "10.0.0.7", "fd00::7"]);
        assert_eq!((facts.more_names, facts.is_ca), (0, false));
        assert_eq!(moment(facts.not_before_seconds), "2026-01-02 00:00 UTC");
        assert_eq!(moment(facts.not_after_seconds), "2026-11-01 00:00 UTC");
    }

    #[test]
    fn as_many_names_as_fit_are_told_and_the_others_are_counted() {
        let names = (0..100).map(|number| format!("host-{number:03}.example.org"));
        let parameters = rcgen::CertificateParams::new(names.collect::<Vec<_>>()).expect("names");
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate = parameters.self_signed(&key).expect("a certificate");
        let facts = facts(certificate.der(), UnixTime::now()).expect("readable");
        assert_eq!(facts.names.len() + facts.more_names, 100);
        assert_eq!(facts.names.len(), NAMES_MAX_CHARS / "host-000.example.org".len());
    }
}
