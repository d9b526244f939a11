//! Lists of pods that really run: the same bytes as kubectl's.

use harness::SharedServers;

#[test]
fn running_pods_read_as_kubectl_shows_them() {
    let servers = SharedServers::get();
    let ns = &servers.namespace;
    let lines: [&[&str]; 9] = [
        &[],
        &["nginx-ser"],
        &["httpd-ser", "nginx-ser"],
        &["-o", "wide"],
        &["-o", "name"],
        &["-o", "json"],
        &["nginx-ser", "-o", "json"],
        &["--show-labels"],
        &["-l", "app=httpd-ser", "--no-headers"],
    ];
    for words in lines {
        ns.parity(words);
    }
    // Other tests come and go meanwhile: these two stay, on nodes of their own.
    ns.parity(&["-A", "--field-selector", &format!("metadata.namespace={}", ns.name)]);
    ns.parity(&[
        "-A",
        "-o",
        "wide",
        "--field-selector",
        &format!("metadata.namespace={}", ns.name),
    ]);
}
