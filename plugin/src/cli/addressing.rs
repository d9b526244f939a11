//! Which address a name leads to, and whom to trust there: flags of every verb that checks, in curl's spelling where curl
//! has them.

use std::{net::IpAddr, path::PathBuf, str::FromStr};

/// Names, addresses and certificates.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Names and TLS")]
pub struct AddressingArgs {
    /// Use IPv4 addresses only
    #[arg(long, short = '4', conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// Use IPv6 addresses only
    #[arg(long, short = '6')]
    pub ipv6: bool,
    /// Connect to ADDRESS for HOST at PORT, whatever the resolver says; may be repeated
    #[arg(long, value_name = "HOST:PORT:ADDRESS")]
    pub resolve: Vec<Given>,
    /// Accept any certificate
    #[arg(long, short = 'k')]
    pub insecure: bool,
    /// Trust the certificates in this file (PEM) instead of those that the probe knows
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<PathBuf>,
    /// Name to ask for in TLS and to find in the certificate, instead of the host
    #[arg(long, value_name = "NAME", value_parser = server_name)]
    pub server_name: Option<String>,
}

/// Where to connect for a host at a port: a value of `--resolve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The host as it stands in the target, or `*` for any.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Where to connect instead.
    pub address: IpAddr,
}

impl FromStr for Given {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, rest) = match text.strip_prefix('[').and_then(|text| text.split_once("]:")) {
            Some(parts) => parts,
            None => text.split_once(':').ok_or("write it as HOST:PORT:ADDRESS")?,
        };
        let (port, address) = rest.split_once(':').ok_or("write it as HOST:PORT:ADDRESS")?;
        let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']'));
        let address = bare.unwrap_or(address);
        if host.is_empty() {
            return Err("there is no host before the first colon".to_owned());
        }
        Ok(Self {
            host: host.to_owned(),
            port: port.parse().map_err(|_| format!("{port:?} is no port"))?,
            address: address.parse().map_err(|_| format!("{address:?} is no IP address"))?,
        })
    }
}

impl AddressingArgs {
    /// Takes more flags into account: what comes last wins, lists are joined.
    pub(super) fn join(&mut self, more: Self) {
        if more.ipv4 || more.ipv6 {
            (self.ipv4, self.ipv6) = (more.ipv4, more.ipv6);
        }
        self.resolve.extend(more.resolve);
        self.insecure |= more.insecure;
        self.cacert = more.cacert.or(self.cacert.take());
        self.server_name = more.server_name.or(self.server_name.take());
    }
}

/// A name that a certificate can carry: a DNS name or an IP address.
fn server_name(text: &str) -> Result<String, String> {
    match rustls::pki_types::ServerName::try_from(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("a certificate carries DNS names and IP addresses".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_given_for_a_host_and_a_port() {
        let given = |host: &str, port, address: &str| {
            let address = address.parse().expect(address);
            Ok(Given { host: host.to_owned(), port, address })
        };
        let error = |text: &str| Err(text.to_owned());
        let cases = [
            ("web.shop:443:10.0.0.7", given("web.shop", 443, "10.0.0.7")),
            ("web.shop:443:fd00::7", given("web.shop", 443, "fd00::7")),
            ("web.shop:443:[fd00::7]", given("web.shop", 443, "fd00::7")),
            ("[fd00::1]:80:10.0.0.7", given("fd00::1", 80, "10.0.0.7")),
            ("*:443:10.0.0.7", given("*", 443, "10.0.0.7")),
            ("web.shop:443", error("write it as HOST:PORT:ADDRESS")),
            ("web.shop", error("write it as HOST:PORT:ADDRESS")),
            (":443:10.0.0.7", error("there is no host before the first colon")),
            ("web.shop:https:10.0.0.7", error("\"https\" is no port")),
            ("web.shop:443:db", error("\"db\" is no IP address")),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Given>(), expected, "{text}");
        }
    }
}
