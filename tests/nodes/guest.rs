//! Guests on two nodes.

use harness::SharedServers;

#[test]
fn by_node_groups_the_articles_servers() {
    let servers = SharedServers::get();
    let ns = &servers.namespace;
    let run = ns.pods(["-o", "guest:by-node"]).run().success();
    assert_eq!(run.stderr, "", "{}", run.story());
    for pod in ["nginx-ser", "httpd-ser"] {
        let node = ns
            .kubectl(["get", "pod", pod, "-o", "jsonpath={.spec.nodeName}"])
            .run()
            .success()
            .stdout;
        // The heading above a pod is the nearest line that does not stand in.
        let above = run.stdout.split(&format!("\n  {pod} ")).next().unwrap_or_default();
        let heading = above.lines().rfind(|line| !line.starts_with(' ')).unwrap_or_default();
        assert!(heading.starts_with(&format!("{node}: ")), "{pod} is on {node}\n{}", run.story());
        let line =
            run.stdout.lines().find(|line| line.trim_start().starts_with(pod)).unwrap_or_default();
        let cells: Vec<_> = line.split_whitespace().collect();
        assert_eq!(cells[..4], [pod, "1/1", "Running", "0"], "{}", run.story());
    }
    assert_eq!(run.stdout.matches(" Running ").count(), 2, "{}", run.story());
    let selected = ns.pods(["-l", "app=nginx-ser", "-o", "guest:by-node"]).run().success();
    assert!(!selected.stdout.contains("httpd-ser"), "{}", selected.story());
}

#[test]
fn csv_has_a_line_for_each_pod() {
    let servers = SharedServers::get();
    let ns = &servers.namespace;
    let run = ns.pods(["-o", "guest:csv"]).run().success();
    assert_eq!(run.stdout.lines().count(), 3, "{}", run.story());
    assert!(run.stdout.contains(&format!(",{},", servers.nginx_ip)), "{}", run.story());
}
