//! What is asked of the server: the cheapest request that carries what will be shown.

use cluster::{PodsRequest, Representation};

/// How much of each pod comes along with its cells (`includeObject` of a Table request).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum IncludeObject {
    /// Only the cells: 130 bytes a pod instead of 2,500.
    #[default]
    None,
    /// Its metadata: namespace, labels, annotations.
    Metadata,
    /// The whole pod.
    Object,
}

impl IncludeObject {
    const fn parameter(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Metadata => "Metadata",
            Self::Object => "Object",
        }
    }
}

/// Whole pods a request, kubectl's number. The server ends a request after 60 s, which an answer with all pods of a
/// large cluster may take; cells are so much less that they come at once.
const OBJECTS_PER_PAGE: i64 = 500;

/// Which pods, and how much of them.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// The namespace; absent: all.
    pub namespace: Option<String>,
    /// These pods, in this order; empty: all that match.
    pub names: Vec<String>,
    /// Label selector, as typed.
    pub label_selector: Option<String>,
    /// Field selector, as typed.
    pub field_selector: Option<String>,
    /// Pods a request; zero: all in one request; absent: as suits what is asked for.
    pub chunk_size: Option<i64>,
    /// How much of each pod comes along.
    pub include: IncludeObject,
    /// Whether a pod that does not exist is no error.
    pub ignore_not_found: bool,
}

impl Query {
    /// The request for one pod.
    pub(super) fn for_name<'a>(
        &'a self,
        name: &'a str,
        representation: Representation,
    ) -> PodsRequest<'a> {
        let mut request = self.bare(representation);
        request.name = Some(name);
        request
    }

    /// The request for one page of the list.
    pub(super) fn for_page(
        &self,
        continue_token: Option<&str>,
        representation: Representation,
    ) -> PodsRequest<'_> {
        let mut request = self.bare(representation);
        let parameters = &mut request.parameters;
        let selectors =
            [("labelSelector", &self.label_selector), ("fieldSelector", &self.field_selector)];
        for (name, value) in selectors {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                parameters.push((name, value.clone()));
            }
        }
        let limit = self.chunk_size.unwrap_or(match representation {
            Representation::Table => 0,
            Representation::Objects => OBJECTS_PER_PAGE,
        });
        if limit > 0 {
            parameters.push(("limit", limit.to_string()));
        }
        if let Some(token) = continue_token {
            parameters.push(("continue", token.to_owned()));
        }
        request
    }

    fn bare(&self, representation: Representation) -> PodsRequest<'_> {
        let mut parameters = Vec::new();
        if representation == Representation::Table {
            parameters.push(("includeObject", self.include.parameter().to_owned()));
        }
        PodsRequest { namespace: self.namespace.as_deref(), name: None, representation, parameters }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(request: &PodsRequest<'_>) -> String {
        let pairs = request.parameters.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("&")
    }

    #[test]
    fn asks_for_no_more_than_needed() {
        let plain = Query { namespace: Some("a".into()), ..Query::default() };
        let request = plain.for_page(None, Representation::Table);
        assert_eq!(parameters(&request), "includeObject=None");
        assert_eq!(parameters(&plain.for_page(None, Representation::Objects)), "limit=500");
        let undivided = Query { chunk_size: Some(0), ..Query::default() };
        assert_eq!(parameters(&undivided.for_page(None, Representation::Objects)), "");

        let full = Query {
            label_selector: Some("app=x".into()),
            field_selector: Some(String::new()),
            chunk_size: Some(500),
            include: IncludeObject::Metadata,
            ..Query::default()
        };
        let request = full.for_page(Some("token"), Representation::Table);
        assert_eq!(
            parameters(&request),
            "includeObject=Metadata&labelSelector=app=x&limit=500&continue=token"
        );
        let request = full.for_name("web", Representation::Table);
        assert_eq!(
            (parameters(&request).as_str(), request.name),
            ("includeObject=Metadata", Some("web"))
        );
    }
}
