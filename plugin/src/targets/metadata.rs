//! Objects of the cluster that lead to where clouds hand out credentials.
//!
//! Whoever may write an `EndpointSlice` or a pod's status could have the probe of somebody with more rights ask there. The
//! probe refuses names that lead there; an address that the plugin found looks to it as one that was typed.

use std::net::IpAddr;

use kubectl_pods_report::Observation;

use super::{
    places::{FoundPlace, Resolution},
    target::{Place, Target},
};

/// The same place, unless the cluster leads there and nobody named the address.
#[must_use]
pub(super) fn refused(target: &Target, mut found: FoundPlace) -> FoundPlace {
    if matches!(target.place, Place::Address(_)) {
        return found;
    }
    found.standby.retain(|standby| !probe::is_metadata(standby.address));
    if let Resolution::Try(host, _) = &found.what
        && host.parse::<IpAddr>().is_ok_and(probe::is_metadata)
    {
        let reason = format!(
            "refused: {} leads to {host}, a link-local or metadata address; name the address itself to probe it",
            found.label
        );
        return FoundPlace::new(found.label, Resolution::Settled(Observation::NotRun, reason));
    }
    found
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::Standby;

    use super::{
        super::{places::each_port, ports::Port},
        *,
    };

    fn found(target: &Target, host: &str) -> FoundPlace {
        let mut places = each_port(target, "svc/web", host, vec![Port::plain(80)]);
        let mut place = places.remove(0);
        let standby = |address: &str| Standby { address: address.parse().expect("one"), port: 80 };
        place.standby = ["10.0.0.7", "169.254.169.254"].map(standby).into();
        refused(target, place)
    }

    fn target(text: &str) -> Target {
        text.parse().expect("a target")
    }

    #[test]
    fn only_who_names_the_address_gets_there() {
        let selected = Target { place: Place::Selected("a=b".to_owned()), ..target("svc/web:80") };
        for host in ["169.254.169.254", "fd00:ec2::254"] {
            for target in [&target("svc/web:80"), &selected] {
                let refused = found(target, host);
                let Resolution::Settled(Observation::NotRun, reason) = refused.what else {
                    panic!("{refused:?}")
                };
                let begins = format!("refused: svc/web:80 leads to {host}");
                assert!(reason.starts_with(&begins), "{reason}");
            }
        }
        let named = found(&target("169.254.169.254:80"), "169.254.169.254");
        assert!(matches!(named.what, Resolution::Try(..)), "{named:?}");
        let usual = found(&target("svc/web:80"), "10.0.0.7");
        assert!(matches!(usual.what, Resolution::Try(..)), "{usual:?}");
        assert_eq!(usual.standby.len(), 1, "what stands by is asked as well");
    }
}
