//! What the API server counts of its answers.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{cluster::Running, command};

/// The API server's metrics.
pub(super) struct Wire {
    kubectl: PathBuf,
    kubeconfig: PathBuf,
}

impl Wire {
    pub(super) fn new(running: &Running) -> Self {
        Self { kubectl: running.bin.join("kubectl"), kubeconfig: running.kubeconfig.clone() }
    }

    /// How many bytes the bodies of lists of pods and namespaces have that the server sends during `work`, compressed if
    /// they are.
    pub(super) fn bytes_of(&self, work: impl FnOnce() -> Result<()>) -> Result<u64> {
        let before = self.bytes()?;
        work()?;
        Ok(self.bytes()? - before)
    }

    fn bytes(&self) -> Result<u64> {
        let mut kubectl = Command::new(&self.kubectl);
        kubectl.arg("--kubeconfig").arg(&self.kubeconfig).args(["get", "--raw", "/metrics"]);
        sum(&command::output(&mut kubectl)?)
    }
}

fn sum(metrics: &str) -> Result<u64> {
    let lists = metrics.lines().filter(|line| {
        let resources = [r#"resource="pods""#, r#"resource="namespaces""#];
        line.starts_with("apiserver_response_sizes_sum{")
            && line.contains(r#"verb="LIST""#)
            && resources.iter().any(|resource| line.contains(resource))
    });
    let mut sum = 0;
    for line in lists {
        let value = line.rsplit(' ').next().unwrap_or_default();
        let value: f64 = value.parse().with_context(|| format!("no metric: {line}"))?;
        sum += whole(value);
    }
    Ok(sum)
}

/// A count that a metric carries as a floating-point number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of bytes")]
fn whole(value: f64) -> u64 {
    value as u64
}

#[cfg(test)]
mod tests {
    use super::sum;

    #[test]
    fn lists_of_pods_and_namespaces_count() {
        let metrics = r#"# HELP apiserver_response_sizes x
apiserver_response_sizes_sum{resource="namespaces",scope="cluster",verb="LIST"} 10
apiserver_response_sizes_sum{resource="pods",scope="cluster",verb="LIST"} 5.9e+02
apiserver_response_sizes_sum{resource="pods",scope="resource",verb="GET"} 7
apiserver_response_sizes_sum{resource="secrets",scope="cluster",verb="LIST"} 7
apiserver_response_sizes_count{resource="pods",scope="cluster",verb="LIST"} 7"#;
        assert_eq!(sum(metrics).unwrap(), 600);
    }
}
