//! What holds for every target of one command: flags of the verbs that check.

use std::time::Duration;

use super::{
    AddressingArgs,
    value::{StatusRange, duration, statuses},
};

/// What to speak, how long to wait, what to expect.
#[derive(Debug, Clone, clap::Args)]
pub struct AttemptArgs {
    /// What to speak, whatever the target looks like: tcp, http, https, udp or icmp
    #[arg(long, value_name = "PROTOCOL", hide_possible_values = true)]
    pub protocol: Option<CheckProtocol>,
    /// HTTP statuses that are right: 200, 2xx, 200-299; may be repeated
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = statuses, default_value = "200-399")]
    pub expect: Vec<StatusRange>,
    /// Limit for finding the address and connecting
    #[arg(long, value_name = "DURATION", default_value = "3s", value_parser = duration)]
    pub connect_timeout: Duration,
    /// Limit for one attempt
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub timeout: Duration,
    /// Try every address of a name, not only the first
    #[arg(long)]
    pub all_addresses: bool,
    /// Names, addresses and certificates.
    #[command(flatten)]
    pub addressing: AddressingArgs,
}

/// Protocols of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CheckProtocol {
    /// A TCP handshake
    Tcp,
    /// An HTTP GET
    Http,
    /// An HTTP GET over TLS
    Https,
    /// The health of a gRPC server
    Grpc,
    /// A datagram over UDP
    Udp,
    /// An ICMP echo
    Icmp,
}
