//! Who we are, for a while.

use anyhow::{Result, anyhow};
use http::HeaderValue;
use jiff::Timestamp;

use super::Identity;

/// What says who we are, for a while.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Credentials {
    /// The value of `Authorization`, if a token says so.
    pub(crate) authorization: Option<HeaderValue>,
    /// The client certificate, if one says so.
    pub(crate) identity: Option<Identity>,
    expires: Option<Timestamp>,
}

impl Credentials {
    pub(super) fn new(
        token: &str,
        identity: Option<Identity>,
        expires: Option<Timestamp>,
    ) -> Result<Self> {
        let authorization = if token.is_empty() { None } else { Some(bearer(token)?) };
        Ok(Self { authorization, identity, expires })
    }

    /// Whether they say who we are no longer. What has no end does not.
    pub(crate) fn have_expired(&self) -> bool {
        self.expires.is_some_and(|end| Timestamp::now() > end)
    }

    /// Whether they say what `other` says, for how long soever.
    pub(crate) fn say_the_same_as(&self, other: &Self) -> bool {
        self.authorization == other.authorization && self.identity == other.identity
    }
}

fn bearer(token: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| anyhow!("net/http: invalid header field value for \"Authorization\""))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(end: Option<&str>) -> Credentials {
        Credentials::new("t", None, end.map(|end| end.parse().unwrap())).unwrap()
    }

    #[test]
    fn credentials_end_when_they_say() {
        assert!(ending(Some("2001-01-01T00:00:00Z")).have_expired());
        assert!(!ending(Some("2999-01-01T00:00:00Z")).have_expired());
        assert!(!ending(None).have_expired());
        assert!(ending(None).say_the_same_as(&ending(Some("2001-01-01T00:00:00Z"))));
    }
}
