//! A test fails when there is no cluster or plugin for it, and says what to do.

use std::process::Command;

#[test]
fn tests_that_lack_what_they_need() {
    let tests = std::env::current_exe().expect("this program");
    for (test, variable) in [
        ("control_plane::listing::all_namespaces", "KUBECTL_PODS_TEST_CONTROL_PLANE"),
        ("nodes::guest", "KUBECTL_PODS_TEST_NODES"),
        ("cilium::", "KUBECTL_PODS_TEST_CILIUM"),
        ("offline::listing::a_saved_list_comes_from_anywhere", "KUBECTL_PODS_TEST_PLUGIN"),
    ] {
        let output = Command::new(&tests).arg(test).env_remove(variable).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success(), "{said}");
        assert!(said.contains("test result: FAILED. 0 passed;"), "{said}");
        assert!(said.contains(variable) && said.contains("cargo xtask test"), "{said}");
    }
}
