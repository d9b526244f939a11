//! A test that needs a cluster fails when there is none, and says what to do.

use std::process::Command;

#[test]
fn tests_of_every_kind_of_cluster() {
    let tests = std::env::current_exe().expect("this program");
    for (kind, variable) in [
        ("control_plane::listing::all_namespaces", "KUBECTL_PODS_TEST_CONTROL_PLANE"),
        ("nodes::guest", "KUBECTL_PODS_TEST_NODES"),
        ("cilium::", "KUBECTL_PODS_TEST_CILIUM"),
    ] {
        let output = Command::new(&tests).arg(kind).env_remove(variable).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success(), "{said}");
        assert!(said.contains("test result: FAILED. 0 passed;"), "{said}");
        assert!(said.contains("cargo xtask test"), "{said}");
    }
}
