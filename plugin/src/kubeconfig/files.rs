//! Which kubeconfig files there are, and how they merge (client-go `tools/clientcmd/loader.go`).

use std::{
    env,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Result, anyhow};
use kube::config::{Kubeconfig, KubeconfigError};

/// Reads the file that `--kubeconfig` names, which must exist, or else merges the files of
/// `KUBECONFIG` or `~/.kube/config`, skipping those that do not.
pub(super) fn load(explicit: Option<&Path>) -> Result<Kubeconfig> {
    match explicit.filter(|path| !path.as_os_str().is_empty()) {
        Some(path) => {
            if !path.exists() {
                return Err(anyhow!("stat {}: no such file or directory", path.display()));
            }
            merge(&[path.to_owned()])
        }
        None => merge(&precedence()),
    }
}

fn precedence() -> Vec<PathBuf> {
    match env::var_os("KUBECONFIG") {
        Some(list) if !list.is_empty() => env::split_paths(&list).collect(),
        _ => env::home_dir().map(|home| home.join(".kube/config")).into_iter().collect(),
    }
}

/// The first file to set a value wins, except that an empty `current-context` sets nothing.
fn merge(paths: &[PathBuf]) -> Result<Kubeconfig> {
    let mut merged = Kubeconfig::default();
    for path in paths.iter().filter(|path| !path.as_os_str().is_empty()) {
        let mut file = match Kubeconfig::read_from(path) {
            Ok(file) => file,
            Err(KubeconfigError::ReadConfig(error, _)) if error.kind() == ErrorKind::NotFound => {
                continue;
            }
            Err(error) => return Err(unreadable(path, error)),
        };
        file.current_context = file.current_context.filter(|name| !name.is_empty());
        merged = merged.merge(file).map_err(|error| unreadable(path, error))?;
    }
    Ok(merged)
}

fn unreadable(path: &Path, error: KubeconfigError) -> anyhow::Error {
    let reason = match error {
        // kubectl reads first and looks at the characters later.
        KubeconfigError::ReadConfig(error, _) if error.kind() == ErrorKind::InvalidData => {
            "yaml: control characters are not allowed".to_owned()
        }
        KubeconfigError::ReadConfig(error, _) => {
            let step = if error.kind() == ErrorKind::IsADirectory { "read" } else { "open" };
            format!("{step} {}: {}", path.display(), crate::go::errno(&error))
        }
        KubeconfigError::Parse(error) => format!("yaml: {}", first_line(&error.to_string())),
        other => first_line(&other.to_string()).to_owned(),
    };
    anyhow!("error loading config file \"{}\": {reason}", path.display())
}

/// What a parser says without the excerpt it draws: a kubeconfig may hold secrets.
fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim_start_matches("error: ")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn merged(files: &[(&str, &str)]) -> Kubeconfig {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.path().join(name)).collect();
        for (path, (_, content)) in paths.iter().zip(files) {
            if !content.is_empty() {
                fs::write(path, content).unwrap();
            }
        }
        merge(&paths).unwrap()
    }

    #[test]
    fn first_file_wins_but_an_empty_context_does_not() {
        let cases = [
            ("one file", vec![("a", "current-context: x")], Some("x")),
            ("missing file first", vec![("a", ""), ("b", "current-context: x")], Some("x")),
            (
                "first wins",
                vec![("a", "current-context: x"), ("b", "current-context: y")],
                Some("x"),
            ),
            (
                "empty does not",
                vec![("a", "current-context: ''"), ("b", "current-context: y")],
                Some("y"),
            ),
            ("nothing set", vec![("a", "kind: Config")], None),
        ];
        for (name, files, expected) in cases {
            assert_eq!(merged(&files).current_context.as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn relative_paths_are_resolved_against_their_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        fs::write(&path, "clusters: [{name: c, cluster: {certificate-authority: pki/ca.crt}}]")
            .unwrap();
        let config = merge(&[path]).unwrap();
        let ca = config.clusters[0].cluster.as_ref().unwrap().certificate_authority.clone();
        assert_eq!(ca.unwrap(), folder.path().join("pki/ca.crt").to_str().unwrap());
    }
}
