//! What a user under test may do.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use serde_json::{Value, json};

use super::{Namespace, wait_until};

impl Namespace {
    /// Gives a ServiceAccount the rights of the Role in `manifest`, after `change` has been made to its rules, in place
    /// of those it had. Gives its user name as soon as the API server acts by them: its authorizer follows Roles
    /// and bindings by a watch, a moment behind.
    #[track_caller]
    pub fn grant(
        &self,
        account: &str,
        manifest: &str,
        change: impl FnOnce(&mut Vec<Value>),
    ) -> String {
        // A right to nothing, by which this grant is told from the one before.
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let mark = format!("grant{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let read = self.kubectl(["create", "--dry-run=client", "-o", "json", "-f", "-"]);
        let role = read.stdin(manifest).run().success().stdout;
        let mut role: Value = serde_json::from_str(&role).expect("a Role as JSON");
        role["metadata"]["name"] = account.into();
        let rules = role["rules"].as_array_mut().expect("rules");
        change(rules);
        rules.push(json!({"apiGroups": [""], "resources": [&mark], "verbs": ["get"]}));
        self.apply(&bound(&role, &self.name, account).to_string());
        let user = format!("system:serviceaccount:{}:{account}", self.name);
        wait_until("the rights to count", Duration::from_secs(30), || {
            self.kubectl(["auth", "can-i", "get", &mark, "--as", &user]).run().code == 0
        });
        user
    }
}

impl Namespace {
    /// Gives the ServiceAccount `account` the rights of the `ClusterRole` in `manifest`, in every namespace, for as long as this
    /// namespace is there. Follows [`Namespace::grant`].
    #[track_caller]
    pub fn grant_everywhere(&self, account: &str, manifest: &str) {
        let read = self.kubectl(["create", "--dry-run=client", "-o", "json", "-f", "-"]);
        let mut role: Value = serde_json::from_str(&read.stdin(manifest).run().success().stdout)
            .expect("a ClusterRole as JSON");
        let uid = ["get", "namespace", &self.name, "-o", "jsonpath={.metadata.uid}"];
        let uid = self.cluster.kubectl(uid).run().success().stdout;
        let name = format!("{}-{account}", self.name);
        let owner = json!({"apiVersion": "v1", "kind": "Namespace", "name": self.name, "uid": uid});
        role["metadata"] = json!({"name": name, "ownerReferences": [owner]});
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": role["metadata"],
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": self.name}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        });
        self.apply(
            &json!({"apiVersion": "v1", "kind": "List", "items": [role, binding]}).to_string(),
        );
        let user = format!("system:serviceaccount:{}:{account}", self.name);
        wait_until("the rights to count", Duration::from_secs(30), || {
            let ask = ["auth", "can-i", "get", "nodes", "--as", &user];
            self.cluster.kubectl(ask).run().code == 0
        });
    }
}

/// The Role, a ServiceAccount, and what binds them.
fn bound(role: &Value, namespace: &str, account: &str) -> Value {
    let metadata = json!({"name": account});
    let subject = json!({"kind": "ServiceAccount", "name": account, "namespace": namespace});
    let role_ref =
        json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": account});
    json!({"apiVersion": "v1", "kind": "List", "items": [
        role,
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": metadata,
         "subjects": [subject], "roleRef": role_ref},
    ]})
}
