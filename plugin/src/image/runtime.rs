//! What holds the images of a cluster on this machine.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use cluster::SelectedContext;

/// Where an image can be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Runtime {
    /// The kind cluster of this name.
    Kind(String),
    /// The k3d cluster of this name.
    K3d(String),
    /// The minikube profile of this name.
    Minikube(String),
    /// The containerd at this socket, asked by a `ctr` that consists of these words.
    Containerd(&'static [&'static str], PathBuf),
}

/// Kubernetes' namespace in a containerd.
const NAMESPACE: &str = "k8s.io";

/// What asks a containerd that nobody has wrapped.
const CTR: &[&str] = &["ctr"];

/// Where a kubelet's containerd listens, and what asks it: as such, in k3s, in `MicroK8s`.
const SOCKETS: [(&str, &[&str]); 3] = [
    ("/run/containerd/containerd.sock", CTR),
    ("/run/k3s/containerd/containerd.sock", &["k3s", "ctr"]),
    ("/var/snap/microk8s/common/run/containerd.sock", &["microk8s", "ctr"]),
];

impl Runtime {
    /// The containerd at `socket`.
    pub(super) fn containerd(socket: &Path) -> Self {
        let known = SOCKETS.iter().find(|(path, _)| socket == Path::new(path));
        Self::Containerd(known.map_or(CTR, |(_, ctr)| ctr), socket.to_owned())
    }

    /// The one that the cluster of `context` has, as far as its name tells; else the containerd whose socket is there.
    pub(super) fn find(
        context: Option<&SelectedContext>,
        is_there: impl Fn(&Path) -> bool,
    ) -> Option<Self> {
        context.and_then(Self::of_context).or_else(|| {
            let mut sockets = SOCKETS.iter().map(|(path, _)| Path::new(path));
            sockets.find(|path| is_there(path)).map(Self::containerd)
        })
    }

    fn of_context(context: &SelectedContext) -> Option<Self> {
        if context.is_minikube {
            return Some(Self::Minikube(context.name.clone()));
        }
        // A context may have another name by now: then its cluster's entry tells.
        let names = [&context.name, &context.cluster];
        names.into_iter().find_map(|name| match name.split_once('-') {
            Some(("kind", cluster)) => Some(Self::Kind(cluster.to_owned())),
            Some(("k3d", cluster)) => Some(Self::K3d(cluster.to_owned())),
            _ => None,
        })
    }

    /// For people: `kind cluster dev`.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Kind(cluster) => format!("kind cluster {cluster}"),
            Self::K3d(cluster) => format!("k3d cluster {cluster}"),
            Self::Minikube(profile) => format!("minikube profile {profile}"),
            Self::Containerd(_, socket) => {
                format!("the containerd of this machine at {}", socket.display())
            }
        }
    }

    /// What loads the archive at `archive` into it.
    pub(super) fn command(&self, archive: &Path) -> Vec<OsString> {
        let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        let archive = archive.as_os_str().to_owned();
        match self {
            Self::Kind(cluster) => {
                [words(&["kind", "load", "image-archive", "--name", cluster]), vec![archive]]
                    .concat()
            }
            Self::K3d(cluster) => {
                [words(&["k3d", "image", "import", "--cluster", cluster]), vec![archive]].concat()
            }
            Self::Minikube(profile) => {
                [words(&["minikube", "--profile", profile, "image", "load"]), vec![archive]]
                    .concat()
            }
            Self::Containerd(ctr, socket) => [
                words(ctr),
                vec!["--address".into(), socket.into()],
                words(&["--namespace", NAMESPACE, "images", "import"]),
                vec![archive],
            ]
            .concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(name: &str, cluster: &str, is_minikube: bool) -> SelectedContext {
        SelectedContext { name: name.to_owned(), cluster: cluster.to_owned(), is_minikube }
    }

    #[test]
    fn a_context_tells_whose_cluster_it_is() {
        let k3s = "/run/k3s/containerd/containerd.sock";
        let cases = [
            (Some(context("kind-dev", "kind-dev", false)), "kind load image-archive --name dev A"),
            (Some(context("mine", "kind-dev", false)), "kind load image-archive --name dev A"),
            (Some(context("k3d-a-b", "k3d-a-b", false)), "k3d image import --cluster a-b A"),
            (Some(context("work", "work", true)), "minikube --profile work image load A"),
            (
                Some(context("default", "default", false)),
                "k3s ctr --address /run/k3s/containerd/containerd.sock --namespace k8s.io images import A",
            ),
            (
                None,
                "k3s ctr --address /run/k3s/containerd/containerd.sock --namespace k8s.io images import A",
            ),
        ];
        for (context, expected) in cases {
            let runtime = Runtime::find(context.as_ref(), |path| path == Path::new(k3s));
            let command = runtime.expect("one is found").command(Path::new("A"));
            assert_eq!(command.join(std::ffi::OsStr::new(" ")), expected, "{context:?}");
        }
        assert_eq!(Runtime::find(Some(&context("prod", "prod", false)), |_| false), None);
    }
}
