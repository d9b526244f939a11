//! `kubectl pods curl TARGET`.

use std::{path::PathBuf, time::Duration};

use super::{
    AddressingArgs, ProbeArgs,
    curl_data::DataArgs,
    value::{duration, node_name, size},
};

/// What stands below the flags of `curl`.
pub(super) const AFTER_HELP: &str = "\
Exit codes:
  0  the target answered
  1  wrong usage, the API server refused, or, as in curl, the answer is no HTTP
  3  the probe could not do its work
  any other is curl's: 6 name not found, 7 cannot connect, 18 cut short, 22 status 400 or above (-f), 23 cannot write,
  28 time-out, 35 TLS handshake, 47 too many redirects, 52 empty answer, 56 reset, 60 certificate, 63 body too large, 98 client certificate wanted

Examples:
  kubectl pods curl web
  kubectl pods curl web -L -v
  kubectl pods curl svc/web:8080 -o /dev/null -w '%{http_code} %{time_total}\\n'
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
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Request")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
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
    /// Header to send, as in 'Name: value', or 'Name:' to send none; may be repeated
    #[arg(long = "header", short = 'H', value_name = "HEADER")]
    pub headers: Vec<String>,
    /// What to send.
    #[command(flatten)]
    pub data: DataArgs,
    /// Send the data in the URL of a GET
    #[arg(long, short = 'G')]
    pub get: bool,
    /// Who asks, for servers that want to know (after --, also --user)
    #[arg(short = 'u', value_name = "USER:PASSWORD", id = "credentials")]
    pub credentials: Option<String>,
    /// User-Agent to send
    #[arg(long, short = 'A', value_name = "NAME")]
    pub user_agent: Option<String>,
    /// Referer to send
    #[arg(long, short = 'e', value_name = "URL")]
    pub referer: Option<String>,
    /// Cookies to send: NAME=VALUE, more of them after a semicolon
    #[arg(long, short = 'b', value_name = "COOKIES")]
    pub cookie: Option<String>,
    /// Follow redirects
    #[arg(long, short = 'L')]
    pub location: bool,
    /// Follow redirects, and send credentials and cookies wherever they lead
    #[arg(long)]
    pub location_trusted: bool,
    /// Redirects to follow at most, up to 1000; -1: as many (default: 50)
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i32).range(-1..))]
    pub max_redirs: Option<i32>,
    /// Limit for the whole request (default: 60s)
    #[arg(long, short, value_name = "SECONDS", value_parser = duration)]
    pub max_time: Option<Duration>,
    /// Limit for finding the address and connecting (default: 5s)
    #[arg(long, value_name = "SECONDS", value_parser = duration)]
    pub connect_timeout: Option<Duration>,
    /// Largest body to bring back; beyond it the exit code is 63 (default: 4M)
    #[arg(long, value_name = "BYTES", value_parser = size::<u64>)]
    pub max_filesize: Option<u64>,
    /// How the answer is shown.
    #[command(flatten)]
    pub showing: ShowingArgs,
    /// Names, addresses and certificates.
    #[command(flatten)]
    pub addressing: AddressingArgs,
}

/// Where the answer goes, and what is said of it.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Output")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct ShowingArgs {
    /// Write the body into this file; -: to standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write the body into a file of the name with which the URL ends
    #[arg(long, short = 'O', conflicts_with = "output")]
    pub remote_name: bool,
    /// Print this after the answer: text with curl's variables, or the content of @FILE
    #[arg(long, short, value_name = "FORMAT")]
    pub write_out: Option<String>,
    /// Show on standard error what is sent and received, and how the connection came about
    #[arg(long, short)]
    pub verbose: bool,
    /// Say nothing of failures: after `--` alone, where `-s` is curl's.
    #[arg(skip)]
    pub silent: bool,
    /// Say it all the same.
    #[arg(skip)]
    pub show_error: bool,
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
    /// Say nothing of what goes wrong
    #[arg(long, short)]
    silent: bool,
    /// Say it all the same
    #[arg(long, short = 'S')]
    show_error: bool,
}

impl AfterDashes {
    /// The flags, with those that only stand here.
    pub(super) fn into_request(mut self) -> RequestArgs {
        self.request.showing.silent = self.silent;
        self.request.showing.show_error = self.show_error;
        self.request
    }

    /// How they are read: `--user` is kubectl's before `--`, and curl's here.
    pub(super) fn flags() -> clap::Command {
        use clap::CommandFactory as _;
        Self::command().mut_arg("credentials", |arg| arg.long("user"))
    }
}

impl RequestArgs {
    /// Whether redirects are followed.
    #[must_use]
    pub const fn follows(&self) -> bool {
        self.location || self.location_trusted
    }

    /// Takes more flags into account: what comes last wins, lists are joined.
    pub(super) fn join(&mut self, more: Self) {
        self.include |= more.include;
        self.head |= more.head;
        self.fail |= more.fail;
        self.get |= more.get;
        self.location |= more.location;
        self.location_trusted |= more.location_trusted;
        self.addressing.join(more.addressing);
        self.showing.join(more.showing);
        self.method = more.method.or(self.method.take());
        self.credentials = more.credentials.or(self.credentials.take());
        self.user_agent = more.user_agent.or(self.user_agent.take());
        self.referer = more.referer.or(self.referer.take());
        self.cookie = more.cookie.or(self.cookie.take());
        self.max_redirs = more.max_redirs.or(self.max_redirs);
        self.max_time = more.max_time.or(self.max_time);
        self.connect_timeout = more.connect_timeout.or(self.connect_timeout);
        self.max_filesize = more.max_filesize.or(self.max_filesize);
        self.headers.extend(more.headers);
        self.data.0.extend(more.data.0);
    }
}

impl ShowingArgs {
    /// Whether nothing is to be said of failures.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.silent && !self.show_error
    }

    fn join(&mut self, more: Self) {
        self.output = more.output.or(self.output.take());
        self.remote_name |= more.remote_name;
        self.write_out = more.write_out.or(self.write_out.take());
        self.verbose |= more.verbose;
        self.silent |= more.silent;
        self.show_error |= more.show_error;
    }
}
