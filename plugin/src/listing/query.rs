//! What is asked of the server: the cheapest request that carries what will be shown.

use cluster::{PodsRequest, Representation};
use table::columns::Need;

use super::Scope;

/// Whole pods a request, kubectl's number. The server ends a request after 60 s, which an answer with all pods of a
/// large cluster may take; cells are so much less that they come at once.
const OBJECTS_PER_PAGE: i64 = 500;

/// Which pods, and how much of them.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Where.
    pub scope: Scope,
    /// These pods, in this order; empty: all that match.
    pub names: Vec<String>,
    /// Label selector, as typed.
    pub label_selector: Option<String>,
    /// Field selector, as typed.
    pub field_selector: Option<String>,
    /// Pods a request; zero: all in one request; absent: as suits what is asked for.
    pub chunk_size: Option<i64>,
    /// How much of each pod must be known.
    pub need: Need,
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
        let limit = self.chunk_size.unwrap_or(match (representation, self.need) {
            (Representation::Objects, _) | (_, Need::Object) => OBJECTS_PER_PAGE,
            (Representation::Table, _) => 0,
        });
        if limit > 0 {
            parameters.push(("limit", limit.to_string()));
        }
        if let Some(token) = continue_token {
            parameters.push(("continue", token.to_owned()));
        }
        request
    }

    /// Queries that are each one request, or one list, of a server: it has no list of several namespaces.
    pub(super) fn parts(&self) -> Vec<Self> {
        let one = |name: &String| Self { scope: Scope::One(name.clone()), ..self.clone() };
        match &self.scope {
            Scope::Many(names) => names.iter().map(one).collect(),
            Scope::All | Scope::One(_) => vec![self.clone()],
        }
    }

    /// How much of each pod comes along with its cells (`includeObject` of a Table request).
    fn include_object(&self) -> &'static str {
        match (self.need, &self.scope) {
            (Need::Cells, _) | (Need::Namespace, Scope::One(_) | Scope::Many(_)) => "None",
            (Need::Namespace, Scope::All) | (Need::Metadata, _) => "Metadata",
            (Need::Object, _) => "Object",
        }
    }

    /// Whether this is about pods of some names or labels only.
    pub(super) fn is_selective(&self) -> bool {
        let selectors = [&self.label_selector, &self.field_selector];
        let selected = selectors.into_iter().flatten().any(|selector| !selector.is_empty());
        selected || !self.names.is_empty()
    }

    fn bare(&self, representation: Representation) -> PodsRequest<'_> {
        let mut parameters = Vec::new();
        if representation == Representation::Table {
            parameters.push(("includeObject", self.include_object().to_owned()));
        }
        PodsRequest { namespace: self.scope.one(), name: None, representation, parameters }
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
        let plain = Query { scope: Scope::One("a".into()), ..Query::default() };
        let request = plain.for_page(None, Representation::Table);
        assert_eq!(parameters(&request), "includeObject=None");
        assert_eq!(parameters(&plain.for_page(None, Representation::Objects)), "limit=500");
        let with_objects = Query { need: Need::Object, ..plain.clone() };
        let request = with_objects.for_page(None, Representation::Table);
        assert_eq!(parameters(&request), "includeObject=Object&limit=500");
        let undivided = Query { chunk_size: Some(0), ..Query::default() };
        assert_eq!(parameters(&undivided.for_page(None, Representation::Objects)), "");

        let everywhere = Query { need: Need::Namespace, ..Query::default() };
        let request = everywhere.for_page(None, Representation::Table);
        assert_eq!(parameters(&request), "includeObject=Metadata");
        let known = Query { scope: Scope::One("a".into()), ..everywhere };
        assert_eq!(parameters(&known.for_page(None, Representation::Table)), "includeObject=None");

        let full = Query {
            label_selector: Some("app=x".into()),
            field_selector: Some(String::new()),
            chunk_size: Some(500),
            need: Need::Metadata,
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
