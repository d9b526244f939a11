//! The probe that the plugin carries, on its way to nodes that do not have it.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use harness::{Cluster, Command, Plugin, Registry, Run, SharedServers};

/// The socket of the containerd of each node.
fn containerds() -> Vec<PathBuf> {
    let sockets = env::var_os("KUBECTL_PODS_TEST_CONTAINERDS");
    env::split_paths(&sockets.expect("cargo xtask test names them")).collect()
}

/// `ctr` in Kubernetes' part of a containerd.
fn ctr(socket: &Path, words: &[&str]) -> Run {
    let socket = socket.display().to_string();
    let at = ["--address", &socket, "--namespace", "k8s.io"];
    Command::new("ctr").args(at).args(words.iter().copied()).run()
}

/// An image that a test brings to node1, gone again from there afterwards.
struct OnNode1(String);

impl Drop for OnNode1 {
    fn drop(&mut self) {
        ctr(&containerds()[0], &["images", "rm", &self.0]);
    }
}

#[test]
fn the_first_check_of_a_new_user_works_as_the_error_says() {
    let (ns, servers) = (Cluster::nodes().namespace("image-new-user"), SharedServers::get());
    let image = format!("localhost/never-seen/{}:1", ns.name);
    let check = || {
        let check = ["check", &servers.nginx, "--from-node", "node1"];
        ns.pods(check).env("KUBECTL_PODS_PROBE_IMAGE", &image).run()
    };
    let run = check().exits(3).complains("ErrImage");
    for way in ["kubectl pods image load", "kubectl pods image push REGISTRY/", "--carrier IMAGE"] {
        assert!(run.stderr.contains(way), "{way}\n{}", run.story());
    }
    let _image = OnNode1(image.clone());
    let socket = containerds()[0].display().to_string();
    let load = ns.pods(["image", "load", "--containerd", &socket]);
    let load = load.env("KUBECTL_PODS_PROBE_IMAGE", &image).run().success();
    assert!(load.stdout.starts_with(&format!("image {image} (sha256:")), "{}", load.story());
    let run = check().success();
    assert!(run.stdout.contains(" open "), "{}", run.story());
}

/// A socket where those of a kubelet usually are, for the command that follows alone.
const USUAL_PLACE: &str = "mount -t tmpfs none /run && mkdir /run/containerd && ln -s \"$0\" /run/containerd/containerd.sock && exec \"$@\"";

#[test]
fn a_containerd_is_found_where_they_usually_listen() {
    let cluster = Cluster::nodes();
    let image = format!("localhost/found/{}:1", std::process::id());
    let _image = OnNode1(image.clone());
    let [socket, plugin] =
        [&containerds()[0], &Plugin::path()].map(|path| path.display().to_string());
    let load = ["--mount", "sh", "-c", USUAL_PLACE, &socket, &plugin, "image", "load"];
    let load = Command::new("unshare").args(load).env("KUBECTL_PODS_PROBE_IMAGE", &image);
    let run = load.env("KUBECONFIG", cluster.kubeconfig().display().to_string()).run().success();
    assert!(run.stdout.starts_with(&format!("image {image} (sha256:")), "{}", run.story());
    let name = format!("name=={image}");
    let there = ctr(&containerds()[0], &["images", "list", "--quiet", &name]).success();
    assert_eq!(there.stdout.trim(), image, "{}", run.story());
}

#[test]
fn a_saved_image_is_the_same_each_time_and_runs() {
    let (ns, servers) = (Cluster::nodes().namespace("image-save"), SharedServers::get());
    let image = format!("localhost/saved/{}:1", ns.name);
    let save = |file: &str| Plugin::args(["image", "save", file, "--probe-image", &image]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("probe.tar").display().to_string();
    let told = save(&file).run().success().stdout;
    let saved = fs::read(&file).expect("it was written");
    assert!(save("-").run().success().stdout_bytes == saved, "another time, other bytes");
    assert!(saved.len() < 6 << 20, "{} bytes", saved.len());
    let _image = OnNode1(image.clone());
    ctr(&containerds()[0], &["images", "import", &file]).success();
    let listed = ctr(&containerds()[0], &["images", "list", &format!("name=={image}")]).success();
    let digest = told.split(['(', ')']).nth(1).expect("it says its digest");
    assert!(listed.stdout.contains(digest), "{digest}\n{}", listed.story());
    let check = ["check", &servers.nginx, "--from-node", "node1", "--probe-image", &image];
    ns.pods(check).run().success();
}

#[test]
fn a_pushed_image_is_pulled_and_runs() {
    let (ns, servers) = (Cluster::nodes().namespace("image-push"), SharedServers::get());
    let registry = Registry::start();
    let image = format!("{}/tools/probe:1", registry.address);
    let push = || Plugin::args(["image", "push", &image]);
    push().run().exits(1).complains("the registry wants to know who pushes: docker login");
    let run = push().env("DOCKER_CONFIG", registry.login()).run().success();
    assert!(run.stdout.contains(&format!("--probe-image {image}")), "{}", run.story());
    // What is there already is not sent again.
    let again = push().env("DOCKER_CONFIG", registry.login()).run().success();
    assert_eq!(again.stdout, run.stdout);
    let _image = OnNode1(image.clone());
    let pull = ["images", "pull", "--plain-http", "--user", "tester:secret", &image];
    ctr(&containerds()[0], &pull).success();
    let check = ["check", &servers.nginx, "--from-node", "node1", "--probe-image", &image];
    ns.pods(check).run().success();
}

/// A stand-in for what loads images into a cluster: it writes down its words, and what the archive begins with.
const RECORDER: &str = "#!/bin/sh\necho \"${0##*/} $*\" >>\"$HOME/words\"\nfor last; do :; done\ntar -tf \"$last\" >>\"$HOME/words\"\n";

#[test]
fn clusters_on_this_machine_are_loaded_by_their_own_programs() {
    let cases = [
        ("kind-dev", "kind", "kind load image-archive --name dev "),
        ("k3d-dev", "k3d", "k3d image import --cluster dev "),
        ("minikube", "minikube", "minikube --profile minikube image load "),
    ];
    for (context, program, words) in cases {
        let command = Plugin::args(["image", "load"]);
        let bin = command.home().join("bin");
        fs::create_dir(&bin).expect("a folder");
        let stand_in = bin.join(program);
        fs::write(&stand_in, RECORDER).expect("a file");
        fs::set_permissions(&stand_in, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let kubeconfig = kubeconfig(context);
        let file = command.home().join("kubeconfig");
        fs::write(&file, kubeconfig).expect("a file");
        let recorded = command.home().join("words");
        let path = format!("{}:/usr/bin:/bin", bin.display());
        let command = command.env("PATH", path).env("KUBECONFIG", file.display().to_string());
        // Its HOME goes with it.
        let output = command.std().output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        let recorded = fs::read_to_string(recorded).expect("it was started");
        assert!(recorded.starts_with(words), "{recorded}");
        assert!(recorded.contains("oci-layout\nindex.json\nmanifest.json\n"), "{recorded}");
        assert!(said.contains(words), "it is told what is run: {said}");
        let archive = recorded.lines().next().and_then(|line| line.split(' ').next_back());
        let archive = archive.expect("the last word");
        assert!(!PathBuf::from(archive).exists(), "{archive} stays");
    }
}

/// A kubeconfig whose current context is `context`.
fn kubeconfig(context: &str) -> String {
    let extensions = match context {
        "minikube" => "[{name: cluster_info, extension: {provider: minikube.sigs.k8s.io}}]",
        _ => "[]",
    };
    format!(
        "{{current-context: {context}, contexts: [{{name: {context}, context: {{cluster: {context}, user: me}}}}],\n\
         clusters: [{{name: {context}, cluster: {{server: 'https://127.0.0.1:1', extensions: {extensions}}}}}],\n\
         users: [{{name: me, user: {{}}}}]}}"
    )
}
