//! `kubectl pods curl TARGET`.

use std::time::Duration;

use super::{
    AddressingArgs, ProbeArgs,
    value::{duration, node_name, size},
};

/// What stands below the flags of `curl`.
pub(super) const AFTER_HELP: &str = "\
Exit codes:
  0  the target answered
  1  wrong usage, or the API server refused
  3  the probe could not do its work
  any other is curl's: 6 name not found, 7 cannot connect, 8 not HTTP, 18 cut short, 22 status 400 or above (-f),
  28 time-out, 35 TLS handshake, 52 empty answer, 56 reset, 60 certificate, 63 body too large

Examples:
  kubectl pods curl web
  kubectl pods curl svc/web:8080/healthz --from-node node1 -- -s -i";

/// Arguments of `curl`.
#[derive(Debug, Clone, clap::Args)]
pub struct CurlArgs {
    /// Pod name, pod/NAME, svc/NAME, deploy/NAME, IP, host or URL; :PORT and /PATH may follow (no port: 80)
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// More of curl's flags; after -- the letter -s means --silent
    #[arg(last = true, value_name = "CURL FLAGS", allow_hyphen_values = true)]
    pub(super) curl_flags: Vec<String>,
    /// What to send, and what to show of the answer.
    #[command(flatten)]
    pub request: RequestArgs,
    /// Node to ask from; the scheduler's choice when absent
    #[arg(long, value_name = "NODE", conflicts_with = "from_here", help_heading = "Probe",
          value_parser = node_name)]
    pub from_node: Option<String>,
    /// Where the probe runs.
    #[command(flatten)]
    pub probe: ProbeArgs,
}

/// curl's flags, in curl's spelling and meaning.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Request")]
pub struct RequestArgs {
    /// Print the head of the answer too
    #[arg(long, short)]
    pub include: bool,
    /// Send a HEAD request and print the head of the answer
    #[arg(long, short = 'I')]
    pub head: bool,
    /// Print nothing and exit 22 when the status is 400 or above
    #[arg(long, short)]
    pub fail: bool,
    /// Method of the request
    #[arg(long = "request", short = 'X', value_name = "METHOD")]
    pub method: Option<String>,
    /// Header to send, as in 'Name: value'; may be repeated
    #[arg(long = "header", short = 'H', value_name = "HEADER")]
    pub headers: Vec<String>,
    /// Send this in a POST, or the content of @FILE; may be repeated
    #[arg(long, short, value_name = "DATA")]
    pub data: Vec<String>,
    /// Limit for the whole request (default: 60s)
    #[arg(long, short, value_name = "SECONDS", value_parser = duration)]
    pub max_time: Option<Duration>,
    /// Limit for finding the address and connecting (default: 5s)
    #[arg(long, value_name = "SECONDS", value_parser = duration)]
    pub connect_timeout: Option<Duration>,
    /// Largest body to bring back; beyond it the exit code is 63 (default: 4M)
    #[arg(long, value_name = "BYTES", value_parser = size::<u64>)]
    pub max_filesize: Option<u64>,
    /// Names, addresses and certificates.
    #[command(flatten)]
    pub addressing: AddressingArgs,
}

/// What stands after `--`: curl's own flags, including those whose letters mean something else to kubectl.
#[derive(Debug, clap::Parser)]
#[command(
    name = "curl",
    no_binary_name = true,
    disable_help_flag = true,
    disable_version_flag = true
)]
pub(super) struct AfterDashes {
    #[command(flatten)]
    pub(super) request: RequestArgs,
    /// Accepted: nothing but the answer is ever printed to stdout, and no progress is shown
    #[arg(long, short)]
    silent: bool,
    /// Accepted: errors are always shown
    #[arg(long, short = 'S')]
    show_error: bool,
}

impl RequestArgs {
    /// Takes more flags into account: what comes last wins, lists are joined.
    pub(super) fn join(&mut self, more: Self) {
        self.include |= more.include;
        self.head |= more.head;
        self.fail |= more.fail;
        self.addressing.join(more.addressing);
        self.method = more.method.or(self.method.take());
        self.max_time = more.max_time.or(self.max_time);
        self.connect_timeout = more.connect_timeout.or(self.connect_timeout);
        self.max_filesize = more.max_filesize.or(self.max_filesize);
        self.headers.extend(more.headers);
        self.data.extend(more.data);
    }
}
