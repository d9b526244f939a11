//! popeye, and what it says of an object.

use std::path::PathBuf;

use anyhow::Result;
use serde_json::Value;

use crate::go::GoModule;

/// popeye, built from the version that `tests/cluster/popeye/go.mod` pins.
pub(super) fn build() -> Result<PathBuf> {
    let module = GoModule::find("popeye")?;
    let folder = module.build("popeye", "popeye", GoModule::compile_tools)?;
    Ok(folder.join("popeye"))
}

/// popeye's word for an error; below it are warnings, of which every pod of a test has some.
const ERROR: u64 = 3;

/// The errors that popeye reports of objects called `name`, or made by one that is.
pub(super) fn errors(report: &Value, namespace: &str, name: &str) -> Vec<String> {
    let is_it = |object: &str| {
        let object = object.strip_prefix(namespace).and_then(|rest| rest.strip_prefix('/'));
        object.and_then(|object| object.strip_prefix(name)).is_some_and(|rest| {
            rest.is_empty() || rest.starts_with('-') && rest.contains(|c: char| c.is_ascii_digit())
        })
    };
    let sections = report["popeye"]["sections"].as_array().into_iter().flatten();
    let objects = sections.filter_map(|section| section["issues"].as_object()).flatten();
    let issues =
        objects.filter(|(object, _)| is_it(object)).filter_map(|(_, issues)| issues.as_array());
    let errors = issues.flatten().filter(|issue| issue["level"].as_u64() == Some(ERROR));
    let mut errors: Vec<String> =
        errors.filter_map(|issue| issue["message"].as_str()).map(str::to_owned).collect();
    errors.sort();
    errors.dedup();
    errors
}

#[cfg(test)]
mod tests {
    use super::errors;

    #[test]
    fn errors_of_an_object_and_of_what_it_made() {
        let issue = |level: u64, text: &str| serde_json::json!([{"level": level, "message": text}]);
        let report = serde_json::json!({"popeye": {"sections": [
            {"linter": "services", "issues": {"a/web": issue(3, "one"), "a/web-other": issue(3, "no")}},
            {"linter": "pods", "issues": {"a/web-5ff6-x": issue(3, "two"), "b/web": issue(3, "no")}},
            {"linter": "secrets"},
            {"linter": "jobs", "issues": {"a/web": issue(2, "no")}},
        ]}});
        assert_eq!(errors(&report, "a", "web"), ["one", "two"]);
    }
}
