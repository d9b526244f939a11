//! Names of images in registries.

use std::{fmt, str::FromStr};

use anyhow::{bail, ensure};

/// The tag of an image whose name has none: what a plugin of this release looks for.
const DEFAULT_TAG: &str = env!("CARGO_PKG_VERSION");

/// Where an image is to be: `REGISTRY/REPOSITORY:TAG`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    /// Host, and a port if it is not the usual one.
    pub registry: String,
    /// The name within the registry.
    pub repository: String,
    /// The name of this one of the repository's images.
    pub tag: String,
}

impl FromStr for Reference {
    type Err = anyhow::Error;

    /// As docker reads it: what stands before the first slash is a registry if it could be a host.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (registry, rest) = match text.split_once('/') {
            Some((host, rest)) if is_host(host) => (host, rest.to_owned()),
            Some(_) => ("docker.io", text.to_owned()),
            None => {
                bail!("image {text:?} has no registry: write REGISTRY/NAME, or docker.io/USER/NAME")
            }
        };
        ensure!(
            !rest.contains('@'),
            "image {text:?} has a digest, which is for us to find: leave it out"
        );
        let (repository, tag) = match rest.rsplit_once(':') {
            Some((repository, tag)) => (repository, tag),
            None => (rest.as_str(), DEFAULT_TAG),
        };
        ensure!(
            is_repository(repository),
            "image {text:?}: {repository:?} is no name of a repository"
        );
        ensure!(is_tag(tag), "image {text:?}: {tag:?} is no tag");
        Ok(Self {
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            tag: tag.to_owned(),
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}:{}", self.registry, self.repository, self.tag)
    }
}

impl Reference {
    /// Where the registry answers. One on this machine has no certificate.
    pub(super) fn url(&self, insecure: bool) -> String {
        let host = self.registry.as_str();
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let local = name == "localhost" || name == "[::1]" || name.starts_with("127.");
        let scheme = if insecure || local { "http" } else { "https" };
        // Docker's own has its API elsewhere.
        let host = if host == "docker.io" { "registry-1.docker.io" } else { host };
        format!("{scheme}://{host}")
    }
}

fn is_host(text: &str) -> bool {
    text == "localhost" || text.contains(['.', ':'])
}

fn is_repository(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let inner = |b: u8| allowed(b) || matches!(b, b'.' | b'_' | b'-');
    let is_part = |part: &str| {
        let ends =
            part.bytes().next().is_some_and(allowed) && part.bytes().last().is_some_and(allowed);
        ends && part.bytes().all(inner)
    };
    text.len() <= 255 && text.split('/').all(is_part)
}

fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.len() <= 128
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|b| word(b) || matches!(b, b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_docker_reads_them() {
        let ours = DEFAULT_TAG;
        let cases = [
            ("localhost/probe", ("localhost", "probe", ours), "http://localhost"),
            (
                "127.0.0.1:5000/a/probe:x",
                ("127.0.0.1:5000", "a/probe", "x"),
                "http://127.0.0.1:5000",
            ),
            ("[::1]:5000/probe", ("[::1]:5000", "probe", ours), "http://[::1]:5000"),
            (
                "registry.example/a/b:1.0",
                ("registry.example", "a/b", "1.0"),
                "https://registry.example",
            ),
            ("user/probe", ("docker.io", "user/probe", ours), "https://registry-1.docker.io"),
        ];
        for (text, (registry, repository, tag), url) in cases {
            let reference: Reference = text.parse().expect(text);
            let parts = (&*reference.registry, &*reference.repository, &*reference.tag);
            assert_eq!((parts, reference.url(false).as_str()), ((registry, repository, tag), url));
        }
        let reference: Reference = "registry.example:5000/probe".parse().expect("a name");
        assert_eq!(reference.url(true), "http://registry.example:5000");
    }

    #[test]
    fn what_no_registry_takes_is_refused() {
        for text in [
            "probe",
            "r.example/Probe",
            "r.example/probe:",
            "r.example/",
            "r.example/a//b",
            "r.example/a@sha256:0",
            "r.example/a:-x",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }
}
