//! Which tests a filter means.

/// The modules of the integration tests.
const MODULES: [&str; 5] = ["offline::", "control_plane::", "nodes::", "dual_stack::", "cilium::"];

/// The filter that means the self-test of the clusters, which is no test of libtest.
const SELF_TEST: &str = "cluster";

/// Whether a filter asks for the clusters' self-test and nothing else.
pub(super) fn is_self_test(filter: Option<&str>) -> bool {
    filter == Some(SELF_TEST)
}

/// The filter that means the demo, which is none either.
const DEMO: &str = "demo";

/// Whether a filter asks for the demo and nothing else.
pub(super) fn is_demo(filter: Option<&str>) -> bool {
    filter == Some(DEMO)
}

/// Whether a filter names a module of the integration tests or something in one.
pub(super) fn names_a_module(filter: &str) -> bool {
    MODULES.iter().any(|module| format!("{filter}::").starts_with(module))
}

/// libtest's words for the tests of one module, or nothing when `filter` asks for another module.
pub(super) fn selection(module: &str, filter: Option<&str>) -> Option<Vec<String>> {
    match filter {
        None => Some(vec![module.to_owned()]),
        Some(filter) if format!("{filter}::").starts_with(module) => Some(vec![filter.to_owned()]),
        Some(filter) if names_a_module(filter) => None,
        // libtest takes one substring; the others are skipped by name.
        Some(filter) => {
            let others = MODULES.iter().filter(|kind| **kind != module);
            let skips = others.flat_map(|kind| ["--skip".to_owned(), (*kind).to_owned()]);
            Some(std::iter::once(filter.to_owned()).chain(skips).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::selection;

    #[test]
    fn a_filter_selects_modules() {
        let words =
            |words: &[&str]| Some(words.iter().map(ToString::to_string).collect::<Vec<_>>());
        let others = ["offline::", "control_plane::", "dual_stack::", "cilium::"];
        let skips = others.map(|module| ["--skip", module]).concat();
        let cases = [
            (None, words(&["nodes::"])),
            (Some("nodes"), words(&["nodes"])),
            (Some("nodes::curl"), words(&["nodes::curl"])),
            (Some("offline::guest"), None),
            (Some("ctrl_c"), words(&[&["ctrl_c"][..], &skips].concat())),
        ];
        for (filter, expected) in cases {
            assert_eq!(selection("nodes::", filter), expected, "{filter:?}");
        }
    }
}
