//! Which full names a name may mean (resolv.conf(5)).

use hickory_resolver::config::ResolverConfig;
use hickory_resolver::proto::rr::Name;

/// A full name to ask for.
pub(super) struct Candidate {
    pub(super) name: Name,
    /// Whether it is the name as it stands.
    pub(super) is_itself: bool,
}

/// `search` of `/etc/resolv.conf`, or else the one domain that it or the machine's own name gives.
pub(super) fn domains(config: &ResolverConfig) -> Vec<Name> {
    if config.search().is_empty() {
        config.domain().into_iter().cloned().collect()
    } else {
        config.search().to_vec()
    }
}

/// The full names that `name` may mean, in the order in which they are asked for: as it stands first if it has at least
/// `ndots` dots, else last.
pub(super) fn candidates(name: &Name, domains: &[Name], ndots: usize) -> Vec<Candidate> {
    let mut itself = name.clone();
    itself.set_fqdn(true);
    let itself = Candidate { name: itself, is_itself: true };
    if name.is_fqdn() {
        return vec![itself];
    }
    let mut names: Vec<Candidate> = Vec::new();
    // What becomes too long with a domain cannot exist.
    for full in domains.iter().filter_map(|domain| name.clone().append_domain(domain).ok()) {
        if names.iter().all(|candidate| candidate.name != full) {
            names.push(Candidate { name: full, is_itself: false });
        }
    }
    let dots = usize::from(name.num_labels()).saturating_sub(1);
    let position = if dots >= ndots || name.is_localhost() { 0 } else { names.len() };
    names.insert(position, itself);
    names
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::rr::IntoName;

    use super::*;

    #[test]
    fn candidates_are_those_of_resolv_conf() {
        let search = ["shop.svc.cluster.local.", "cluster.local."];
        let search = search.map(|domain| domain.parse::<Name>().expect(domain));
        let cases: [(&str, usize, &[&str]); 5] = [
            ("web", 5, &["web.shop.svc.cluster.local.", "web.cluster.local.", "web."]),
            (
                "web.shop",
                5,
                &["web.shop.shop.svc.cluster.local.", "web.shop.cluster.local.", "web.shop."],
            ),
            (
                "web.shop",
                1,
                &["web.shop.", "web.shop.shop.svc.cluster.local.", "web.shop.cluster.local."],
            ),
            ("web.shop.", 5, &["web.shop."]),
            (
                "localhost",
                5,
                &["localhost.", "localhost.shop.svc.cluster.local.", "localhost.cluster.local."],
            ),
        ];
        for (name, ndots, expected) in cases {
            let full = candidates(&name.into_name().expect(name), &search, ndots);
            let full: Vec<String> = full.iter().map(|one| one.name.to_string()).collect();
            assert_eq!(full, expected, "{name}, ndots {ndots}");
        }
        let long = "x".repeat(57);
        let long = [long.as_str(); 4].join(".").into_name().expect("a long name");
        assert_eq!(candidates(&long, &search, 5).len(), 2, "only the short domain fits");
    }
}
