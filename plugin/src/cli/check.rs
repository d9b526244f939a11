//! `kubectl pods check TARGET…`.

/// Arguments of `check`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct CheckArgs {
    /// Pod name, pod/NAME, svc/NAME, IP, host or URL; :PORT and /PATH may follow
    #[arg(value_name = "TARGET", required = true)]
    pub targets: Vec<String>,
    /// Output format: table, wide or json
    #[arg(long, short, value_name = "FORMAT")]
    pub output: Option<String>,
}
