//! Which kubeconfig files there are, and how they merge (client-go `tools/clientcmd/loader.go`).

use std::{
    env, fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Result, anyhow};
use kube::config::{Kubeconfig, KubeconfigError};

use super::encoding;

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
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => {
                let step = if error.kind() == ErrorKind::IsADirectory { "read" } else { "open" };
                let reason = format!("{step} {}: {}", path.display(), crate::go::errno(&error));
                return Err(unusable(path, &reason));
            }
        };
        merged = parse(&bytes, path.parent())
            .and_then(|file| merged.merge(file).map_err(|error| one_line(&error)))
            .map_err(|reason| unusable(path, &reason))?;
    }
    Ok(merged)
}

/// One file's content, or what is wrong with it.
fn parse(bytes: &[u8], folder: Option<&Path>) -> Result<Kubeconfig, String> {
    let text = encoding::decode(bytes).map_err(|reason| format!("yaml: {reason}"))?;
    let mut file = Kubeconfig::from_yaml(&text).map_err(|error| match error {
        KubeconfigError::Parse(error) => format!("yaml: {}", one_line(&error)),
        other => one_line(&other),
    })?;
    file.current_context = file.current_context.filter(|name| !name.is_empty());
    if let Some(folder) = folder {
        resolve(&mut file, folder);
    }
    Ok(file)
}

/// Relative paths are meant from the folder of the file that names them (client-go `ResolveLocalPaths`), and a
/// credential plugin's too if it is a path at all.
fn resolve(file: &mut Kubeconfig, folder: &Path) {
    let clusters = file.clusters.iter_mut().filter_map(|named| named.cluster.as_mut());
    let mut paths: Vec<_> = clusters.map(|cluster| &mut cluster.certificate_authority).collect();
    for user in file.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut()) {
        paths.extend([&mut user.client_certificate, &mut user.client_key, &mut user.token_file]);
        let plugin = user.exec.as_mut().map(|plugin| &mut plugin.command);
        paths.extend(plugin.filter(|command| command.as_ref().is_some_and(|c| c.contains('/'))));
    }
    for path in paths.into_iter().flatten().filter(|path| !path.is_empty()) {
        // An absolute one replaces the folder. Both parts are text but for a folder that is none: then the path stays.
        if let Some(resolved) = folder.join(&*path).to_str() {
            resolved.clone_into(path);
        }
    }
}

fn unusable(path: &Path, reason: &str) -> anyhow::Error {
    anyhow!("error loading config file \"{}\": {reason}", path.display())
}

/// What a parser says without the excerpt it draws: a kubeconfig may hold secrets.
fn one_line(error: &impl ToString) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use kube::config::AuthInfo;

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
        let text = "\
            clusters: [{name: c, cluster: {certificate-authority: pki/ca.crt}}]\n\
            users: [{name: u, user: {client-certificate: /pki/u.crt, client-key: u.key, tokenFile: '',\n\
                    exec: {command: ./login}}},\n\
                    {name: v, user: {tokenFile: ../token, exec: {command: login}}}]\n";
        let file = parse(text.as_bytes(), Some(Path::new("/home/ann"))).unwrap();
        let cluster = file.clusters[0].cluster.as_ref().unwrap();
        let [u, v] = [0, 1].map(|user| file.auth_infos[user].auth_info.as_ref().unwrap());
        let command = |user: &AuthInfo| user.exec.as_ref().unwrap().command.clone();
        let cases = [
            ("authority", cluster.certificate_authority.clone(), "/home/ann/pki/ca.crt"),
            ("absolute", u.client_certificate.clone(), "/pki/u.crt"),
            ("key", u.client_key.clone(), "/home/ann/u.key"),
            ("none", u.token_file.clone(), ""),
            ("plugin beside it", command(u), "/home/ann/./login"),
            ("token", v.token_file.clone(), "/home/ann/../token"),
            ("plugin on PATH", command(v), "login"),
        ];
        for (name, got, expected) in cases {
            assert_eq!(got.as_deref(), Some(expected), "{name}");
        }
    }
}
