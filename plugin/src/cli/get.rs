//! `kubectl pods [get] [NAME…]`.

use std::path::{Path, PathBuf};

use super::value::{integer, size};

/// What stands below the flags of the list.
pub(super) const AFTER_HELP: &str = "\
Every other flag and format of kubectl get works too (-w, --sort-by, -o jsonpath=…, custom-columns=…,
go-template=…, kyaml …): the command then becomes kubectl get pods. Which kubectl: $KUBECTL_PATH, else
the first on the PATH.

Columns: pod.name, pod.ready, pod.status, pod.restarts, pod.age, pod.ip, pod.node and more, or any path into
the pod: metadata.labels[app], spec.containers[*].image. A condition compares one with a value: = != < <= > >=.

Examples:
  kubectl pods -n shop -o wide
  kubectl pods -n shop,stock --filter 'pod.restarts>3' --sort -pod.restarts
  kubectl pods -A -o guest:by-node
  kubectl pods --watch --sort-by .status.startTime";

/// Arguments of the list. kubectl's spellings and meanings; what is empty counts as absent.
#[derive(Debug, Clone, Default, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent switches of a command line"
)]
pub struct GetArgs {
    /// Pods to show; all when absent
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// List pods of all namespaces
    #[arg(long, short = 'A')]
    pub all_namespaces: bool,
    /// Output format: json, yaml, name, wide, guest:NAME, or one that kubectl makes (see below)
    #[arg(long, short, value_name = "FORMAT")]
    pub output: Option<String>,
    /// Label selector, as in -l 'app=web,tier!=test'
    #[arg(long, short = 'l', value_name = "SELECTOR")]
    pub selector: Option<String>,
    /// Field selector, as in --field-selector status.phase=Running
    #[arg(long, value_name = "SELECTOR")]
    pub field_selector: Option<String>,
    /// Do not print headers
    #[arg(long)]
    pub no_headers: bool,
    /// Show all labels in the last column
    #[arg(long)]
    pub show_labels: bool,
    /// Labels to show as columns; may be repeated
    #[arg(long, short = 'L', value_name = "LABEL,…", value_delimiter = ',')]
    pub label_columns: Vec<String>,
    /// Columns to show in place of the usual ones, as in -C pod.name,pod.node,spec.priority
    #[arg(long, short = 'C', value_name = "COLUMN,…", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Columns to sort by, as in --sort -pod.restarts,pod.name (with -: greatest first)
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub sort: Vec<String>,
    /// Show only pods for which this holds, as in --filter 'pod.restarts>3'; may be repeated
    #[arg(long, value_name = "CONDITION")]
    pub filter: Vec<String>,
    /// Put the kind before names: pod/NAME
    #[arg(long)]
    pub show_kind: bool,
    /// A pod that does not exist is no error
    #[arg(long)]
    pub ignore_not_found: bool,
    /// Pods for each request to the server (0: all at once; when absent, 500 for JSON and YAML, else all)
    #[arg(long, value_name = "COUNT", value_parser = integer)]
    pub chunk_size: Option<i64>,
    /// Keep managedFields in JSON and YAML
    #[arg(long)]
    pub show_managed_fields: bool,
    /// Memory that a guest may use, as in 128Mi (default 64Mi)
    #[arg(long, value_name = "SIZE", value_parser = size::<usize>)]
    pub guest_memory: Option<usize>,
    /// Print nothing when a guest fails, in place of the built-in table
    #[arg(long)]
    pub guest_strict: bool,
    /// Read a saved pod list from a file, a URL or - instead of a cluster
    #[arg(long, short = 'f', value_name = "FILE")]
    pub filename: Vec<PathBuf>,
}

impl GetArgs {
    /// `-f`: the saved list. One that reads several is made by kubectl.
    #[must_use]
    pub fn saved(&self) -> Option<&Path> {
        self.filename.first().map(PathBuf::as_path)
    }

    /// `-l`, unless it is empty.
    #[must_use]
    pub fn selector(&self) -> Option<&str> {
        self.selector.as_deref().filter(|selector| !selector.is_empty())
    }

    /// `--field-selector`, unless it is empty.
    #[must_use]
    pub fn field_selector(&self) -> Option<&str> {
        self.field_selector.as_deref().filter(|selector| !selector.is_empty())
    }
}
