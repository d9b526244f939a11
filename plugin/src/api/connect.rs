//! A connection to one cluster.

use anyhow::Context as _;

use crate::cli::ConnectionArgs;

/// A connection to one API server, and the namespace that commands mean when they name none.
#[derive(Clone)]
pub struct Cluster {
    /// The client; only this module and its siblings may use it.
    pub(super) client: kube::Client,
    /// Namespace from `-n`, the context, or `default`.
    pub namespace: String,
}

impl Cluster {
    /// Reads the kubeconfig and prepares a client. Sends no request yet.
    ///
    /// # Errors
    ///
    /// When no usable configuration is found.
    pub async fn connect(args: &ConnectionArgs) -> anyhow::Result<Self> {
        let options = kube::config::KubeConfigOptions {
            context: args.context.clone(),
            cluster: args.cluster.clone(),
            user: args.user.clone(),
        };
        let config = match &args.kubeconfig {
            Some(path) => {
                let file = kube::config::Kubeconfig::read_from(path)?;
                kube::Config::from_custom_kubeconfig(file, &options).await?
            }
            None => kube::Config::from_kubeconfig(&options).await?,
        };
        let namespace = args.namespace.clone().unwrap_or(config.default_namespace.clone());
        let client = kube::Client::try_from(config).context("cannot prepare the client")?;
        Ok(Self { client, namespace })
    }
}
