//! Pods grouped by the node they run on.
//!
//! Groups are sorted by node name, pods keep the order in which they came; pods without a node come last.

use std::collections::BTreeMap;

use kpods_guest::{About, Cell, Column, Context, Failure, Line, Role, Table, Value, duration};

kpods_guest::row! {
    /// What this format asks of each pod.
    pub struct Pod {
        namespace: Option<String> = "pod.namespace",
        name: String = "pod.name",
        node: Option<String> = "pod.node",
        ready: Option<i64> = "pod.ready",
        total: Option<i64> = "pod.total",
        status: Option<String> = "pod.status",
        restarts: Option<i64> = "pod.restarts",
        since_restart: Option<i64> = "pod.last-restart",
        age: Option<i64> = "pod.age",
    }
}

/// Titles of the columns, and what they show.
const COLUMNS: [(&str, &str); 6] = [
    ("NAMESPACE", "the pod's namespace"),
    ("NAME", "the pod"),
    ("READY", "containers that are ready, of all"),
    ("STATUS", "as kubectl shows it"),
    ("RESTARTS", "of all its containers, and when the last one was"),
    ("AGE", "since it was created"),
];

/// The format: everything is kept until the end, then printed node by node.
pub struct ByNode {
    /// Whether pods of several namespaces come, whose names may be the same.
    all_namespaces: bool,
    /// `None`, pods that run nowhere yet, is moved behind the nodes by [`Table::finish`].
    nodes: BTreeMap<Option<String>, Vec<Pod>>,
}

impl Table for ByNode {
    type Row = Pod;
    const ABOUT: About =
        About::new("by-node", env!("CARGO_PKG_VERSION"), "Pods grouped by the node they run on");
    const WHOLE_SET: bool = true;

    fn open(context: &Context) -> Result<Self, Failure> {
        let all_namespaces = context.features.iter().any(|feature| feature == "all-namespaces");
        Ok(Self { all_namespaces, nodes: BTreeMap::new() })
    }

    fn columns(&self) -> Vec<Column> {
        let shown = &COLUMNS[usize::from(!self.all_namespaces)..];
        let column = |(title, summary): &(&str, &str)| {
            Column::new(&title.to_lowercase(), title).summary(*summary)
        };
        shown.iter().map(column).collect()
    }

    fn push(&mut self, rows: Vec<Pod>) -> Result<Vec<Line>, Failure> {
        for pod in rows {
            self.nodes.entry(pod.node.clone()).or_default().push(pod);
        }
        Ok(Vec::new())
    }

    fn finish(mut self) -> Result<Vec<Line>, Failure> {
        let nowhere = self.nodes.remove(&None).map(|pods| (None, pods));
        let groups = self.nodes.into_iter().chain(nowhere);
        let lines = |(node, pods): (Option<String>, Vec<Pod>)| {
            group(node.as_deref(), &pods, self.all_namespaces)
        };
        Ok(groups.flat_map(lines).collect())
    }
}

/// The lines of one node, under a heading that counts them.
fn group(node: Option<&str>, pods: &[Pod], all_namespaces: bool) -> Vec<Line> {
    let count = match pods.len() {
        1 => "1 pod".into(),
        count => format!("{count} pods"),
    };
    let unhealthy = match pods.iter().filter(|pod| pod.health() == Role::Bad).count() {
        0 => String::new(),
        unhealthy => format!(", {unhealthy} unhealthy"),
    };
    let heading = format!("{}: {count}{unhealthy}", node.unwrap_or("on no node"));
    pods.iter().map(|pod| pod.line(all_namespaces).in_group(heading.as_str())).collect()
}

impl Pod {
    /// Bad when it should run and does not, warn while it starts or ends, muted once it is done.
    fn health(&self) -> Role {
        let all_ready = self.ready == self.total;
        match self.status.as_deref().unwrap_or_default() {
            "Running" if all_ready => Role::Good,
            "Completed" | "Succeeded" => Role::Muted,
            "Pending" | "ContainerCreating" | "PodInitializing" | "Terminating" => Role::Warn,
            status
                if status.starts_with("Init:")
                    && !status.contains("Err")
                    && !status.contains("BackOff") =>
            {
                Role::Warn
            }
            _ => Role::Bad,
        }
    }

    fn line(&self, all_namespaces: bool) -> Line {
        let health = self.health();
        let count =
            |count: Option<i64>| count.map_or_else(|| "?".into(), |count| count.to_string());
        let span = |millis: Option<i64>| millis.map_or_else(|| "<unknown>".into(), duration::human);
        let ready_role = if self.ready == self.total { Role::Plain } else { health };
        let restarts = match self.since_restart {
            Some(millis) => format!("{} ({} ago)", count(self.restarts), duration::human(millis)),
            None => count(self.restarts),
        };
        let restarts_role = if self.restarts.unwrap_or(0) > 0 { Role::Warn } else { Role::Number };
        let namespace =
            all_namespaces.then(|| Cell::from(self.namespace.as_deref().unwrap_or_default()));
        let cells = [
            Cell::styled(self.name.as_str(), Role::Key),
            Cell::styled(format!("{}/{}", count(self.ready), count(self.total)), ready_role),
            Cell::styled(self.status.as_deref().unwrap_or("Unknown"), health),
            Cell::styled(restarts, restarts_role).sorted_by(of(self.restarts, Value::Whole)),
            Cell::styled(span(self.age), Role::Age).sorted_by(of(self.age, Value::Millis)),
        ];
        Line::new(namespace.into_iter().chain(cells))
    }
}

/// A value to sort by, of what may be missing.
fn of(number: Option<i64>, kind: fn(i64) -> Value) -> Value {
    number.map_or(Value::Missing, kind)
}

kpods_guest::export_table!(ByNode);

#[cfg(test)]
mod tests {
    use kpods_guest::{Value, testing};

    use super::ByNode;

    fn pod(name: &str, node: Option<&str>, ready: i64, status: &str) -> Vec<Value> {
        vec![
            Value::Text("shop".into()),
            Value::Text(name.into()),
            node.map_or(Value::Missing, |node| Value::Text(node.into())),
            Value::Whole(ready),
            Value::Whole(1),
            Value::Text(status.into()),
            Value::Whole(i64::from(ready == 0)),
            if ready == 0 { Value::Millis(300_000) } else { Value::Missing },
            Value::Millis(90_000),
        ]
    }

    fn printed(rows: Vec<Vec<Value>>, batch: usize) -> Vec<(String, String)> {
        let lines =
            testing::lines::<ByNode>(&testing::context(), rows, batch).expect("rows are in order");
        lines
            .iter()
            .map(|line| (line.group.clone().unwrap_or_default(), testing::text(line)))
            .collect()
    }

    #[test]
    fn groups_by_node_and_counts() {
        let rows = vec![
            pod("waiting", None, 0, "Pending"),
            pod("web", Some("node2"), 1, "Running"),
            pod("db", Some("node1"), 0, "CrashLoopBackOff"),
            pod("cache", Some("node2"), 1, "Running"),
        ];
        let expected = [
            ("node1: 1 pod, 1 unhealthy", "db\t0/1\tCrashLoopBackOff\t1 (5m ago)\t90s"),
            ("node2: 2 pods", "web\t1/1\tRunning\t0\t90s"),
            ("node2: 2 pods", "cache\t1/1\tRunning\t0\t90s"),
            ("on no node: 1 pod", "waiting\t0/1\tPending\t1 (5m ago)\t90s"),
        ];
        for batch in [1, 2, 256] {
            let printed = printed(rows.clone(), batch);
            let printed: Vec<_> =
                printed.iter().map(|(group, text)| (group.as_str(), text.as_str())).collect();
            assert_eq!(printed, expected, "batches of {batch}");
        }
    }

    #[test]
    fn all_namespaces_have_a_column() {
        let mut context = testing::context();
        context.features.push("all-namespaces".into());
        let lines = testing::lines::<ByNode>(&context, vec![pod("web", None, 1, "Running")], 1);
        assert_eq!(
            testing::text(&lines.expect("the row is in order")[0]),
            "shop\tweb\t1/1\tRunning\t0\t90s"
        );
    }

    #[test]
    fn no_pods_no_lines() {
        assert_eq!(printed(Vec::new(), 1), []);
    }
}
