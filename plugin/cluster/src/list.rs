//! Reading pods: one GET, its body handed over as it arrives.

use std::fmt;

use anyhow::{Result, anyhow};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use kube::{client::Body, core::Status};
use tokio::time::{Instant, timeout_at};
use url::form_urlencoded;

use super::{
    Cluster, errors,
    path_segment::{invalid_namespace, segment},
};
use crate::{Verbatim, go};

/// In which form pods are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Representation {
    /// A `meta.k8s.io/v1` Table: the cells that `kubectl get` shows.
    Table,
    /// Whole pods.
    Objects,
}

impl Representation {
    const fn accept(self) -> &'static str {
        match self {
            // What kubectl asks for, so that servers answer as they answer it.
            Self::Table => {
                "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
            }
            Self::Objects => "application/json",
        }
    }
}

/// One GET on pods.
#[derive(Debug, Clone)]
pub struct PodsRequest<'a> {
    /// The namespace; absent: all.
    pub namespace: Option<&'a str>,
    /// One pod; absent: a list.
    pub name: Option<&'a str>,
    /// In which form.
    pub representation: Representation,
    /// Query parameters, not yet encoded.
    pub parameters: Vec<(&'static str, String)>,
}

/// Why a GET gave nothing.
#[derive(Debug)]
pub enum GetError {
    /// There is no such object.
    NotFound(anyhow::Error),
    /// The server refused.
    Refused(anyhow::Error),
    /// There was no answer, or nobody knows us here: no further request will fare better.
    Unreachable(anyhow::Error),
}

impl From<GetError> for anyhow::Error {
    fn from(error: GetError) -> Self {
        match error {
            GetError::NotFound(error) | GetError::Refused(error) | GetError::Unreachable(error) => {
                error
            }
        }
    }
}

/// A body on its way.
pub struct PodsAnswer {
    body: Body,
    host: String,
    deadline: Option<Instant>,
}

impl fmt::Debug for PodsAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PodsAnswer").field("host", &self.host).finish_non_exhaustive()
    }
}

impl PodsAnswer {
    /// The next piece of the body, or nothing at its end.
    ///
    /// # Errors
    ///
    /// In kubectl's words, when the connection breaks or `--request-timeout` has passed.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        loop {
            match before(self.deadline, self.body.frame()).await? {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
                Some(Err(error)) => return Err(errors::transport(&error, &self.host)),
            }
        }
    }

    /// The whole body.
    ///
    /// # Errors
    ///
    /// As [`PodsAnswer::chunk`].
    pub async fn whole(mut self) -> Result<Vec<u8>> {
        let mut text = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            text.extend_from_slice(&chunk);
        }
        Ok(text)
    }
}

impl Cluster {
    /// Sends one GET and hands over the body unread.
    ///
    /// # Errors
    ///
    /// In kubectl's words.
    pub async fn get_pods(&self, request: &PodsRequest<'_>) -> Result<PodsAnswer, GetError> {
        let deadline = self.request_timeout.map(|limit| Instant::now() + limit);
        let prepared = prepare(request).map_err(GetError::Refused)?;
        let response = before(deadline, self.client.send(prepared)).await;
        let response = response.map_err(GetError::Unreachable)?;
        let response = response.map_err(|error| GetError::Unreachable(self.explain(error)))?;
        self.answer(request, response, deadline).await
    }

    async fn answer(
        &self,
        request: &PodsRequest<'_>,
        response: Response<Body>,
        deadline: Option<Instant>,
    ) -> Result<PodsAnswer, GetError> {
        let code = response.status();
        let answer = PodsAnswer { body: response.into_body(), host: self.host.clone(), deadline };
        if code.is_success() {
            return Ok(answer);
        }
        let body = answer.whole().await.map_err(GetError::Unreachable)?;
        let status = status(code, &body, request);
        let text = Verbatim(errors::status_text(&status)).into();
        if status.is_not_found()
            && let (Some(namespace), Some(_)) = (request.namespace, request.name)
            && let Some(text) = self.missing_namespace(namespace, deadline).await
        {
            return Err(GetError::NotFound(Verbatim(text).into()));
        }
        Err(match code {
            StatusCode::UNAUTHORIZED => GetError::Unreachable(text),
            _ if status.is_not_found() => GetError::NotFound(text),
            _ => GetError::Refused(text),
        })
    }
}

impl Cluster {
    /// What to say when the namespace itself does not exist. kubectl looks, but not for `default`.
    async fn missing_namespace(
        &self,
        namespace: &str,
        deadline: Option<Instant>,
    ) -> Option<String> {
        if namespace == "default" {
            return None;
        }
        let path = format!("/api/v1/namespaces/{}", segment(namespace).ok()?);
        let request = Request::get(path).body(Vec::new()).ok()?;
        match before(deadline, self.client.request_text(request)).await.ok()? {
            Err(kube::Error::Api(status)) if status.is_not_found() => {
                Some(errors::status_text(&status))
            }
            _ => None,
        }
    }
}

async fn before<T>(deadline: Option<Instant>, work: impl Future<Output = T>) -> Result<T> {
    match deadline {
        None => Ok(work.await),
        Some(deadline) => timeout_at(deadline, work)
            .await
            .map_err(|_| Verbatim(errors::DEADLINE.to_owned()).into()),
    }
}

fn prepare(request: &PodsRequest<'_>) -> Result<Request<Body>> {
    Request::get(path(request)?)
        .header(header::ACCEPT, request.representation.accept())
        .body(Body::empty())
        .map_err(|error| anyhow!(error).context("cannot prepare the request"))
}

fn path(request: &PodsRequest<'_>) -> Result<String> {
    let mut path = String::from("/api/v1");
    if let Some(namespace) = request.namespace {
        path.push_str("/namespaces/");
        path.push_str(&segment(namespace).map_err(|why| invalid_namespace(namespace, &why))?);
    }
    path.push_str("/pods");
    if let Some(name) = request.name {
        path.push('/');
        path.push_str(
            &segment(name)
                .map_err(|why| anyhow!("invalid resource name {}: [{why}]", go::quote(name)))?,
        );
    }
    if !request.parameters.is_empty() {
        path.push('?');
        path.push_str(
            &form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&request.parameters)
                .finish(),
        );
    }
    Ok(path)
}

/// What a failed request says. kubectl adds to list errors which list it was.
fn status(code: StatusCode, body: &[u8], request: &PodsRequest<'_>) -> Status {
    let parsed = serde_json::from_slice::<Status>(body).ok();
    let mut status = parsed.filter(Status::is_failure).unwrap_or_else(|| {
        let name = request.name.map(|name| format!(" {name}")).unwrap_or_default();
        let body = String::from_utf8_lossy(body);
        errors::generic_status(code.as_u16(), &body, &format!("get pods{name}"))
    });
    let is_list = request.name.is_none();
    if is_list && (status.reason == "BadRequest" || status.is_not_found()) {
        let parameter = |wanted: &str| {
            let found = request.parameters.iter().find(|(name, _)| *name == wanted);
            found.map_or("", |(_, value)| value)
        };
        let (labels, fields) = (parameter("labelSelector"), parameter("fieldSelector"));
        status.message = if labels.is_empty() && fields.is_empty() {
            format!("Unable to list \"/v1, Resource=pods\": {}", status.message)
        } else {
            format!(
                "Unable to find \"/v1, Resource=pods\" that match label selector {}, field selector {}: {}",
                go::quote(labels),
                go::quote(fields),
                status.message
            )
        };
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(namespace: Option<&'a str>, name: Option<&'a str>) -> PodsRequest<'a> {
        PodsRequest {
            namespace,
            name,
            representation: Representation::Table,
            parameters: Vec::new(),
        }
    }

    #[test]
    fn paths() {
        let cases = [
            (None, None, Ok("/api/v1/pods")),
            (Some("a"), None, Ok("/api/v1/namespaces/a/pods")),
            (Some("a"), Some("A B"), Ok("/api/v1/namespaces/a/pods/A%20B")),
            (Some("a"), Some(".."), Err("invalid resource name \"..\": [may not be '..']")),
            (Some("a"), Some("a%b"), Err("invalid resource name \"a%b\": [may not contain '%']")),
        ];
        for (namespace, name, expected) in cases {
            let got = path(&request(namespace, name)).map_err(|error| error.to_string());
            assert_eq!(got, expected.map(String::from).map_err(String::from));
        }
    }

    #[test]
    fn parameters_are_encoded() {
        let mut request = request(None, None);
        request.parameters.push(("labelSelector", "a in (b,c)&d=+".into()));
        assert_eq!(
            path(&request).unwrap(),
            "/api/v1/pods?labelSelector=a+in+%28b%2Cc%29%26d%3D%2B"
        );
    }
}
