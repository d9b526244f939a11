//! What the API server and the way to it can say, in kubectl's own words
//! (kubectl `pkg/cmd/util/helpers.go`: `StandardErrorMessage`; apimachinery `pkg/api/errors`).

use kube::core::Status;

use super::transport_errors;
use crate::{Verbatim, go};

/// What kubectl says when `--request-timeout` has passed.
pub(super) const DEADLINE: &str = "Unable to connect to the server: context deadline exceeded";

/// Puts an error of the client into kubectl's words; `host` is the API server's `host:port`.
pub(super) fn explain(error: kube::Error, host: &str) -> anyhow::Error {
    match error {
        kube::Error::Api(status) => Verbatim(status_text(&status)).into(),
        kube::Error::HyperError(error) => transport(&error, host),
        kube::Error::Service(error) => transport(&*error, host),
        kube::Error::Auth(error) => anyhow::anyhow!("{error}"),
        kube::Error::RustlsTls(error) => anyhow::anyhow!("tls: {error}"),
        other => other.into(),
    }
}

/// Whether there was no connection, so that nothing of the request can have arrived.
pub(super) fn is_unsent(error: &kube::Error) -> bool {
    of_transport(error).is_some_and(transport_errors::is_unsent)
}

/// Whether there is nobody to send a request as: a credential plugin failed.
pub(super) fn is_without_credentials(error: &kube::Error) -> bool {
    of_transport(error).is_some_and(transport_errors::is_without_credentials)
}

fn of_transport(error: &kube::Error) -> Option<&(dyn std::error::Error + 'static)> {
    match error {
        kube::Error::HyperError(error) => Some(error),
        kube::Error::Service(error) => Some(&**error),
        _ => None,
    }
}

/// Whether the API server says that there is no such object. A proxy's 404, or one for a kind that the server does not
/// know, says nothing about an object.
pub(super) fn names_nothing(status: &Status) -> bool {
    status.is_not_found() && status.details.as_ref().is_some_and(|details| !details.name.is_empty())
}

/// Puts an error of the transport into kubectl's words.
pub(super) fn transport(error: &(dyn std::error::Error + 'static), host: &str) -> anyhow::Error {
    Verbatim(transport_errors::text(error, host)).into()
}

/// kubectl's line for a failure that the server reported.
pub(super) fn status_text(status: &Status) -> String {
    match status.reason.as_str() {
        "Invalid" => invalid_text(status),
        "Unauthorized" => {
            format!("error: You must be logged in to the server ({})", status.message)
        }
        "" => format!("Error from server: {}", status.message),
        reason => format!("Error from server ({reason}): {}", status.message),
    }
}

fn invalid_text(status: &Status) -> String {
    let Some(details) = &status.details else {
        return match status.message.as_str() {
            "" => String::from("The request is invalid"),
            message => format!("The request is invalid: {message}"),
        };
    };
    let text = if !details.kind.is_empty() || !details.name.is_empty() {
        format!("The {} {} is invalid", details.kind, go::quote(&details.name))
    } else if !status.message.is_empty() && details.causes.is_empty() {
        return format!("The request is invalid: {}", status.message);
    } else {
        String::from("The request is invalid")
    };
    let mut causes: Vec<String> = Vec::new();
    for cause in &details.causes {
        let line = format!("{}: {}", cause.field, cause.message);
        if !causes.contains(&line) {
            causes.push(line);
        }
    }
    match causes.as_slice() {
        [] => text,
        [cause] => format!("{text}: {cause}"),
        several => format!("{text}: \n* {}", several.join("\n* ")),
    }
}

/// The status for an answer that carries none: a proxy's error page, a plain-text 404
/// (apimachinery `NewGenericServerResponse`). `request` is `get pods` or `get pods NAME`.
pub(super) fn generic_status(code: u16, body: &str, request: &str) -> Status {
    let (reason, message) = match code {
        400 => ("BadRequest", "the server rejected our request for an unknown reason"),
        401 => ("Unauthorized", "the server has asked for the client to provide credentials"),
        403 => ("Forbidden", body),
        404 => ("NotFound", "the server could not find the requested resource"),
        405 => {
            ("MethodNotAllowed", "the server does not allow this method on the requested resource")
        }
        406 => ("NotAcceptable", body),
        409 => ("Conflict", "the server reported a conflict"),
        415 => ("UnsupportedMediaType", body),
        422 => ("Invalid", "the server rejected our request due to an error in our request"),
        429 => (
            "TooManyRequests",
            "the server has received too many requests and has asked us to try again later",
        ),
        503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
        504 => (
            "Timeout",
            "the server was unable to return a response in the time allotted, but may still be processing the request",
        ),
        _ => ("", ""),
    };
    let text = match (message, code) {
        ("", 500..) => format!(
            "an error on the server ({}) has prevented the request from succeeding",
            go::quote(body)
        ),
        ("", _) => format!(
            "the server responded with the status code {code} but did not return more information"
        ),
        (message, _) => message.to_owned(),
    };
    let reason = if reason.is_empty() && code >= 500 { "InternalError" } else { reason };
    Status::failure(&format!("{text} ({request})"), reason).with_code(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_read_as_kubectl_prints_them() {
        let cases = [
            (
                "NotFound",
                "pods \"x\" not found",
                "Error from server (NotFound): pods \"x\" not found",
            ),
            ("", "odd", "Error from server: odd"),
            (
                "Unauthorized",
                "Unauthorized",
                "error: You must be logged in to the server (Unauthorized)",
            ),
        ];
        for (reason, message, expected) in cases {
            assert_eq!(status_text(&Status::failure(message, reason)), expected);
        }
    }

    #[test]
    fn invalid_objects_list_their_causes() {
        let status: Status = serde_json::from_value(serde_json::json!({
            "reason": "Invalid", "message": "whole text", "details": {"kind": "Pod", "name": "a", "causes": [
                {"field": "spec", "message": "wrong"}, {"field": "spec", "message": "wrong"},
                {"field": "metadata", "message": "odd"}]}
        }))
        .unwrap();
        assert_eq!(
            status_text(&status),
            "The Pod \"a\" is invalid: \n* spec: wrong\n* metadata: odd"
        );
    }

    #[test]
    fn only_an_object_can_be_absent() {
        let status = |details: serde_json::Value| -> Status {
            serde_json::from_value(serde_json::json!({
                "reason": "NotFound", "code": 404, "message": "not found", "details": details,
            }))
            .unwrap()
        };
        assert!(names_nothing(&status(serde_json::json!({"kind": "pods", "name": "web"}))));
        assert!(!names_nothing(&status(serde_json::json!({"kind": "pods"}))), "no such kind");
        assert!(!names_nothing(&generic_status(404, "", "get pods")), "a proxy's page");
    }

    #[test]
    fn answers_without_a_status_get_one() {
        let cases = [
            (
                404,
                "",
                "Error from server (NotFound): the server could not find the requested resource (get pods)",
            ),
            (
                502,
                "bad\n",
                "Error from server (InternalError): an error on the server (\"bad\\n\") has prevented the request from succeeding (get pods)",
            ),
            (
                418,
                "",
                "Error from server: the server responded with the status code 418 but did not return more information (get pods)",
            ),
        ];
        for (code, body, expected) in cases {
            assert_eq!(status_text(&generic_status(code, body, "get pods")), expected);
        }
    }
}
