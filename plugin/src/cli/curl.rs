//! `kubectl pods curl TARGET`.

use std::time::Duration;

use clap::Parser as _;

use super::{
    ProbeArgs,
    value_probe::{duration, size},
};

/// Arguments of `curl`.
#[derive(Debug, Clone, clap::Args)]
pub struct CurlArgs {
    /// Pod name, pod/NAME, svc/NAME, deploy/NAME, IP, host or URL; :PORT and /PATH may follow (no port: 80)
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// What to send, and what to show of the answer.
    #[command(flatten)]
    pub request: RequestArgs,
    /// Where the probe runs.
    #[command(flatten)]
    pub probe: ProbeArgs,
    /// curl's flags again, where -s means --silent
    #[arg(last = true, value_name = "CURL FLAGS", allow_hyphen_values = true)]
    pub curl_flags: Vec<String>,
}

/// curl's flags, in curl's spelling and meaning.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Request")]
#[expect(clippy::struct_excessive_bools, reason = "curl's flags are what they are")]
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
    /// Accept any certificate
    #[arg(long, short = 'k')]
    pub insecure: bool,
    /// Limit for the whole request (default: 60s)
    #[arg(long, short, value_name = "SECONDS", value_parser = duration)]
    pub max_time: Option<Duration>,
    /// Limit for finding the address and connecting (default: 5s)
    #[arg(long, value_name = "SECONDS", value_parser = duration)]
    pub connect_timeout: Option<Duration>,
    /// Largest body to bring back; beyond it the exit code is 63 (default: 4M)
    #[arg(long, value_name = "BYTES", value_parser = size)]
    pub max_filesize: Option<u64>,
}

/// What stands after `--`: curl's own flags, including those whose letters mean something else to kubectl.
#[derive(Debug, clap::Parser)]
#[command(name = "kubectl pods curl TARGET --", no_binary_name = true, disable_version_flag = true)]
struct AfterDashes {
    #[command(flatten)]
    request: RequestArgs,
    /// Accepted: nothing but the answer is ever printed to stdout, and no progress is shown
    #[arg(long, short)]
    silent: bool,
    /// Accepted: errors are always shown
    #[arg(long, short = 'S')]
    show_error: bool,
}

impl CurlArgs {
    /// The flags before and after `--` taken together; what comes last wins, lists are joined.
    ///
    /// # Errors
    ///
    /// When a word after `--` is not understood.
    pub fn request(&self) -> Result<RequestArgs, clap::Error> {
        let mut all = self.request.clone();
        if self.curl_flags.is_empty() {
            return Ok(all);
        }
        let more = AfterDashes::try_parse_from(&self.curl_flags)?.request;
        all.include |= more.include;
        all.head |= more.head;
        all.fail |= more.fail;
        all.insecure |= more.insecure;
        all.method = more.method.or(all.method);
        all.max_time = more.max_time.or(all.max_time);
        all.connect_timeout = more.connect_timeout.or(all.connect_timeout);
        all.max_filesize = more.max_filesize.or(all.max_filesize);
        all.headers.extend(more.headers);
        all.data.extend(more.data);
        Ok(all)
    }
}
