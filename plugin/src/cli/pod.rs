//! What a cluster, its policies and its nodes may want of the probe's pod: flags of every verb that puts one there.

use k8s_openapi::{api::core::v1::Toleration, apimachinery::pkg::api::resource::Quantity};
use serde_json::{Map, Value};

use super::{
    pod_value::{amount, annotation, json_object, label, toleration},
    value::object_name,
};

/// What is asked of the cluster for the probe's pod.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Pod of the probe")]
pub struct PodArgs {
    /// Namespace of the probe; that of the targets when absent
    #[arg(long, value_name = "NAME", value_parser = object_name)]
    pub probe_namespace: Option<String>,
    /// Labels that its node must have, as in disk=ssd,zone=a; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',', value_parser = label)]
    pub node_selector: Vec<(String, String)>,
    /// Taints that it tolerates: KEY, KEY=VALUE, KEY:EFFECT, KEY=VALUE:EFFECT, or '*' for all; may be repeated
    #[arg(long, value_name = "TAINT", value_delimiter = ',', value_parser = toleration)]
    pub tolerations: Vec<Toleration>,
    /// Its priority class
    #[arg(long, value_name = "NAME")]
    pub priority_class: Option<String>,
    /// What it requests, as in cpu=10m,memory=32Mi; may be repeated
    #[arg(long, value_name = "RESOURCE=AMOUNT", value_delimiter = ',', value_parser = amount)]
    pub requests: Vec<(String, Quantity)>,
    /// What it is limited to, as in cpu=100m,memory=64Mi (less CPU may delay what it measures); may be repeated
    #[arg(long, value_name = "RESOURCE=AMOUNT", value_delimiter = ',', value_parser = amount)]
    pub limits: Vec<(String, Quantity)>,
    /// More labels for it and for what makes it, as in team=a,env=b; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',', value_parser = label)]
    pub labels: Vec<(String, String)>,
    /// An annotation for it and for what makes it, as in key=value; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = annotation)]
    pub annotations: Vec<(String, String)>,
    /// Its service account, whose token it does not get
    #[arg(long, value_name = "NAME")]
    pub service_account: Option<String>,
    /// Secret to pull its image with; may be repeated
    #[arg(long, value_name = "NAME")]
    pub image_pull_secret: Vec<String>,
    /// Use the network of its node; the namespace must allow Pod Security privileged
    #[arg(long)]
    pub host_network: bool,
    /// Ask the known service meshes to leave it alone, by their labels and annotations
    #[arg(long)]
    pub no_sidecar: bool,
    /// JSON to be merged into its manifest, as kubectl run has it
    #[arg(long, value_name = "JSON", value_parser = json_object)]
    pub overrides: Option<Map<String, Value>>,
    /// How --overrides is merged: merge (lists are replaced) or strategic (lists are merged by their keys)
    #[arg(long, value_name = "TYPE", default_value = "merge", hide_possible_values = true)]
    pub override_type: OverrideType,
}

/// How a manifest is overridden; kubectl's words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OverrideType {
    /// RFC 7396
    #[default]
    Merge,
    /// By the keys of lists
    Strategic,
}
