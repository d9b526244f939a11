//! The context that commands mean, by name: whose cluster it is, before anything is asked of it.

use anyhow::Result;
use kube::config::{Kubeconfig, NamedExtension};

use super::files;
use crate::ConnectionOptions;

/// What minikube says of itself in the contexts and clusters that it writes.
const MINIKUBE: &str = "minikube.sigs.k8s.io";

/// The context that a command means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectedContext {
    /// Its name.
    pub name: String,
    /// The name of its cluster's entry in the kubeconfig.
    pub cluster: String,
    /// Whether minikube made it, which calls it after its profile.
    pub is_minikube: bool,
}

impl SelectedContext {
    /// The context of `--context`, or the current one of the kubeconfig files; none where there is neither.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn find(args: &ConnectionOptions) -> Result<Option<Self>> {
        Ok(Self::of(&files::load(args.kubeconfig.as_deref())?, args.context.as_deref()))
    }

    fn of(files: &Kubeconfig, named: Option<&str>) -> Option<Self> {
        let named = named.or(files.current_context.as_deref()).filter(|name| !name.is_empty())?;
        let entry = files.contexts.iter().find(|context| context.name == named)?;
        let context = entry.context.clone().unwrap_or_default();
        let cluster = files.clusters.iter().find(|cluster| cluster.name == context.cluster);
        let cluster = cluster.and_then(|entry| entry.cluster.as_ref());
        let extensions = [
            context.extensions.as_deref(),
            cluster.and_then(|cluster| cluster.extensions.as_deref()),
        ];
        Some(Self {
            name: named.to_owned(),
            is_minikube: extensions.into_iter().flatten().flatten().any(is_minikubes),
            cluster: context.cluster,
        })
    }
}

fn is_minikubes(extension: &NamedExtension) -> bool {
    extension.extension.get("provider").is_some_and(|provider| provider == MINIKUBE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r"
current-context: work
contexts:
- {name: work, context: {cluster: work, user: work}}
- {name: kind-dev, context: {cluster: kind-dev, user: kind-dev}}
clusters:
- name: work
  cluster:
    server: 'https://10.0.0.1:8443'
    extensions:
    - {name: cluster_info, extension: {provider: minikube.sigs.k8s.io, version: v1.36.0}}
- {name: kind-dev, cluster: {server: 'https://127.0.0.1:41234'}}
";

    #[test]
    fn a_context_by_flag_or_as_the_file_says() {
        let files = Kubeconfig::from_yaml(FILE).expect("a kubeconfig");
        let cases = [
            (None, Some(("work", "work", true))),
            (Some("kind-dev"), Some(("kind-dev", "kind-dev", false))),
            (Some("gone"), None),
        ];
        for (named, expected) in cases {
            let expected = expected.map(|(name, cluster, is_minikube): (&str, &str, bool)| {
                SelectedContext { name: name.to_owned(), cluster: cluster.to_owned(), is_minikube }
            });
            assert_eq!(SelectedContext::of(&files, named), expected, "{named:?}");
        }
        assert_eq!(SelectedContext::of(&Kubeconfig::default(), None), None);
    }
}
