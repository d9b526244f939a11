//! Where it is asked who we are: credential plugins, and files that somebody writes a new token to.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow, bail};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use super::{CredentialPlugin, Credentials};
use crate::go;

/// How long the token of a file is used before the file is read again: client-go's minute less its 10 s of leeway.
const REREAD: Duration = Duration::from_secs(50);

/// Where credentials are asked for, as often as they are needed.
#[derive(Debug, Clone)]
pub(crate) enum CredentialSource {
    /// A program of the user's.
    Plugin(Box<CredentialPlugin>),
    /// A file with a token.
    TokenFile {
        /// Where it is.
        path: PathBuf,
        /// The token to use while the file cannot be read.
        otherwise: Option<SecretString>,
    },
}

impl CredentialSource {
    /// Asks for credentials. `last` is what was said before, if it was asked before.
    pub(crate) async fn credentials(&self, last: Option<&Credentials>) -> Result<Credentials> {
        match self {
            Self::Plugin(plugin) => plugin.credentials().await,
            // client-go goes on with the last token as well: some remove the file once a program has started.
            Self::TokenFile { path, otherwise } => match (token(path), last, otherwise) {
                (Ok(token), ..) => {
                    Credentials::new(&token, None, Timestamp::now().checked_add(REREAD).ok())
                }
                (Err(_), Some(last), _) => Ok(last.clone()),
                (Err(_), None, Some(token)) => Credentials::new(token.expose_secret(), None, None),
                (Err(error), None, None) => Err(error),
            },
        }
    }
}

fn token(path: &Path) -> Result<String> {
    let text = fs::read_to_string(path)
        .map_err(|error| anyhow!("open {}: {}", path.display(), go::errno(&error)))
        .with_context(|| format!("failed to read token file {}", quoted(path)))?;
    match text.trim() {
        "" => bail!("read empty token from file {}", quoted(path)),
        token => Ok(token.to_owned()),
    }
}

fn quoted(path: &Path) -> String {
    go::quote(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_token_file_is_read_again_and_may_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let source = CredentialSource::TokenFile { path: path.clone(), otherwise: None };
        let says = |credentials: &Credentials| credentials.authorization.clone().unwrap();

        let error = source.credentials(None).await.unwrap_err();
        assert!(format!("{error:#}").contains("no such file"), "{error:#}");
        fs::write(&path, "one\n").unwrap();
        let one = source.credentials(None).await.unwrap();
        assert_eq!(says(&one), "Bearer one");
        fs::write(&path, " two\n").unwrap();
        let two = source.credentials(Some(&one)).await.unwrap();
        assert_eq!(says(&two), "Bearer two");
        fs::write(&path, "\n").unwrap();
        assert_eq!(says(&source.credentials(Some(&two)).await.unwrap()), "Bearer two");
    }
}
