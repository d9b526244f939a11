//! As whom a registry knows us: what `docker login` left behind.

use std::{
    collections::HashMap,
    env, fs,
    io::{ErrorKind, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;

/// Who pushes, and the password or token that proves it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub user: String,
    pub secret: String,
}

/// The user name of those whose secret is no password but a token of the registry's login service.
const IDENTITY_TOKEN: &str = "<token>";

/// What a helper says when it has nothing for a registry.
const NOTHING: &str = "credentials not found";

/// The name under which docker keeps what is for its own registry.
const DOCKERS: &str = "https://index.docker.io/v1/";

/// Docker's configuration, as far as it is about credentials.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DockerConfig {
    auths: HashMap<String, Entry>,
    cred_helpers: HashMap<String, String>,
    creds_store: String,
}

/// What is kept in the file itself.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Entry {
    auth: String,
    identitytoken: String,
}

/// Where the credentials of a registry are.
#[derive(Debug, PartialEq, Eq)]
enum Kept {
    /// `user:secret` in Base64.
    Here(String),
    /// A helper has them: its name, and the registry's name for it.
    Helper(String, String),
}

/// What `docker login` keeps for `registry`, if anything.
///
/// # Errors
///
/// When the file or a helper cannot be read, or has what we cannot use.
pub(super) fn find(registry: &str) -> anyhow::Result<Option<Credentials>> {
    let Some(path) = path() else { return Ok(None) };
    let what = || format!("cannot read {}", path.display());
    let text = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        text => text.with_context(what)?,
    };
    let config: DockerConfig = serde_json::from_slice(&text).with_context(what)?;
    match config.find(registry)? {
        None => Ok(None),
        Some(Kept::Here(auth)) => decode(&auth).with_context(what).map(Some),
        Some(Kept::Helper(name, server)) => ask(&name, &server),
    }
}

/// `$DOCKER_CONFIG/config.json`, else the one below the home folder.
fn path() -> Option<PathBuf> {
    let folder = env::var_os("DOCKER_CONFIG").filter(|folder| !folder.is_empty());
    let folder = folder.map(PathBuf::from);
    let folder = folder.or_else(|| env::home_dir().map(|home| home.join(".docker")))?;
    Some(folder.join("config.json"))
}

impl DockerConfig {
    /// A helper for this registry comes before the helper for all, and that before the file.
    fn find(&self, registry: &str) -> anyhow::Result<Option<Kept>> {
        let entry = self.auths.iter().find(|(name, _)| host_of(name) == registry);
        // A helper knows a registry under the name by which it was logged in to.
        let server = match (&entry, registry) {
            (Some((name, _)), _) => (*name).clone(),
            (None, "docker.io") => DOCKERS.to_owned(),
            (None, other) => other.to_owned(),
        };
        let helper = self.cred_helpers.get(&server).or_else(|| self.cred_helpers.get(registry));
        let helper = helper.or(Some(&self.creds_store)).filter(|name| !name.is_empty());
        if let Some(helper) = helper {
            return Ok(Some(Kept::Helper(helper.clone(), server)));
        }
        let Some((_, entry)) = entry else { return Ok(None) };
        ensure!(entry.identitytoken.is_empty(), "{}", unusable(registry));
        Ok((!entry.auth.is_empty()).then(|| Kept::Here(entry.auth.clone())))
    }
}

/// The registry of an entry, which may be written as a URL.
fn host_of(entry: &str) -> &str {
    let rest = entry.split_once("://").map_or(entry, |(_, rest)| rest);
    match rest.split('/').next().unwrap_or(rest) {
        "index.docker.io" | "registry-1.docker.io" => "docker.io",
        host => host,
    }
}

fn decode(auth: &str) -> anyhow::Result<Credentials> {
    let bytes = BASE64_STANDARD.decode(auth.trim()).context("an \"auth\" is no Base64")?;
    let text = String::from_utf8(bytes).context("an \"auth\" is no UTF-8")?;
    let (user, secret) = text.split_once(':').context("an \"auth\" has no colon")?;
    Ok(Credentials { user: user.to_owned(), secret: secret.to_owned() })
}

/// What a helper answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StoredCredentials {
    username: String,
    secret: String,
}

fn ask(helper: &str, server: &str) -> anyhow::Result<Option<Credentials>> {
    let program = format!("docker-credential-{helper}");
    let what = || format!("cannot ask {program} for the credentials of {server}");
    let mut command = Command::new(&program);
    command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(what)?;
    // It may know without reading.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(server.as_bytes()));
    let output = child.wait_with_output().with_context(what)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if said.contains(NOTHING) {
            return Ok(None);
        }
        bail!("{}: {} {}", what(), output.status, said.trim());
    }
    let answer: StoredCredentials = serde_json::from_slice(&output.stdout).with_context(what)?;
    ensure!(answer.username != IDENTITY_TOKEN, "{}", unusable(server));
    Ok(Some(Credentials { user: answer.username, secret: answer.secret }))
}

fn unusable(registry: &str) -> String {
    format!(
        "the login for {registry} is an identity token, which only docker can use: log in with a user name and a \
         password or access token, or push what kubectl pods image save writes"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(json: &str) -> DockerConfig {
        serde_json::from_str(json).expect("a configuration")
    }

    #[test]
    fn what_is_kept_is_found_as_docker_finds_it() {
        let here = |auth: &str| Some(Kept::Here(auth.to_owned()));
        let helper =
            |name: &str, server: &str| Some(Kept::Helper(name.to_owned(), server.to_owned()));
        let cases = [
            ("{}", "r.example", None),
            (r#"{"auths": {"r.example": {"auth": "YTpi"}}}"#, "r.example", here("YTpi")),
            (
                r#"{"auths": {"https://r.example/v1/": {"auth": "YTpi"}}}"#,
                "r.example",
                here("YTpi"),
            ),
            (r#"{"auths": {"r.example:5000": {"auth": "YTpi"}}}"#, "r.example", None),
            (
                r#"{"auths": {"https://index.docker.io/v1/": {"auth": "YTpi"}}}"#,
                "docker.io",
                here("YTpi"),
            ),
            (
                r#"{"auths": {"r.example": {}}, "credsStore": "pass"}"#,
                "r.example",
                helper("pass", "r.example"),
            ),
            (
                r#"{"credsStore": "pass", "credHelpers": {"r.example": "cloud"}}"#,
                "r.example",
                helper("cloud", "r.example"),
            ),
            (r#"{"credsStore": "pass"}"#, "docker.io", helper("pass", DOCKERS)),
        ];
        for (json, registry, expected) in cases {
            let found = config(json).find(registry).expect(json);
            assert_eq!(found, expected, "{json}");
        }
        let token = r#"{"auths": {"r.example": {"identitytoken": "x"}}}"#;
        let error = config(token).find("r.example").expect_err("of no use");
        assert!(error.to_string().contains("identity token"), "{error}");
    }

    #[test]
    fn secrets_may_have_colons() {
        let credentials = decode("dXNlcjpwYTpzcw==").expect("credentials");
        assert_eq!((&*credentials.user, &*credentials.secret), ("user", "pa:ss"));
        assert!(decode("dXNlcg==").is_err() && decode("%").is_err());
    }
}
