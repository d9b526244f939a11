//! `kubectl pods [get] [NAME…]`.

use std::path::PathBuf;

/// Arguments of the list.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct GetArgs {
    /// Pods to show; all when absent
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// List pods of all namespaces
    #[arg(long, short = 'A')]
    pub all_namespaces: bool,
    /// Output format: json, yaml, name, wide or guest:NAME
    #[arg(long, short, value_name = "FORMAT")]
    pub output: Option<String>,
    /// Label selector
    #[arg(long, short = 'l', value_name = "SELECTOR")]
    pub selector: Option<String>,
    /// Field selector
    #[arg(long, value_name = "SELECTOR")]
    pub field_selector: Option<String>,
    /// Do not print headers
    #[arg(long)]
    pub no_headers: bool,
    /// Read a saved pod list (JSON) from a file, a URL or - instead of a cluster
    #[arg(long, short = 'f', value_name = "FILE")]
    pub filename: Option<PathBuf>,
}
