//! `kubectl pods curl TARGET`.

/// Arguments of `curl`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct CurlArgs {
    /// Pod name, pod/NAME, svc/NAME, IP, host or URL; :PORT and /PATH may follow (no port: 80)
    #[arg(value_name = "TARGET")]
    pub target: String,
}
