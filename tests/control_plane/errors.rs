//! What is said when the server says no.

use harness::{Cluster, Run};

/// kubectl looks up the API's resources first and logs its failures there with time stamps; the message
/// for the user comes after them.
fn without_log(mut run: Run) -> Run {
    run.stderr =
        run.stderr.split_inclusive('\n').filter(|line| !line.contains(" memcache.go:")).collect();
    run
}

#[track_caller]
fn same(words: &[&str]) {
    let cluster = Cluster::control_plane();
    let theirs = without_log(cluster.kubectl(["get", "pods"]).args(words.iter().copied()).run());
    let mut ours = cluster.pods(words.iter().copied()).run();
    ours.stderr = ours.stderr.replace("kubectl pods --help", "kubectl get --help");
    ours.same_as(&theirs);
}

#[test]
fn refusals_are_kubectls() {
    let lines: &[&[&str]] = &[
        &["--as", "nobody-in-particular"],
        &["--as", "nobody-in-particular", "-o", "json"],
        &["--as", "nobody-in-particular", "web", "-o", "yaml"],
        &["--as", "nobody-in-particular", "web", "db"],
        &["--as", "x", "--as-group", "a", "--as-group", "b", "--as-uid", "7"],
        &["-A", "--as", "nobody-in-particular"],
        &["-n", "no-such-namespace"],
        &["-n", "no-such-namespace", "web"],
        &["web", "db"],
        &["A B"],
        &["a%b"],
        &[".."],
        &["-l", "x==="],
        &["-l", "x===", "-o", "yaml"],
        &["--field-selector", "no.such=field"],
        &["--field-selector", "nonsense"],
        &["--field-selector", "no.such=field", "-l", "a=b"],
    ];
    for line in lines {
        same(line);
    }
}

#[test]
fn command_lines_are_refused_in_kubectls_words() {
    let lines: &[&[&str]] = &[
        &["--no-such-flag"],
        &["--no-such-flag=x"],
        &["-w", "--no-such-flag=x"],
        &["--sort-by"],
        &["-k"],
        &["-Z"],
        &["-n"],
        &["--namespace"],
        &["--chunk-size=x"],
        &["--chunk-size=99999999999999999999"],
        &["--warnings-as-errors", "--chunk-size=x"],
        &["--no-headers=perhaps"],
        &["-o", "no-such-format"],
        &["-o", "json=x"],
        &["-o", "json", "--show-labels"],
        &["-o", "name", "--show-labels"],
        &["web", "-A"],
        &["web", "-l", "a=b"],
        &["web", "--field-selector", "a=b"],
        &["pod/web"],
        &[""],
        &["--request-timeout", "soon"],
    ];
    for line in lines {
        same(line);
    }
}

#[test]
fn configurations_are_refused_in_kubectls_words() {
    let lines: &[&[&str]] = &[
        &["--kubeconfig", "/no/such/file"],
        &["--context", "no-such"],
        &["--context", "no-such", "-n", "x"],
        &["--cluster", "no-such"],
        &["--cluster", "no-such", "-n", "x"],
        &["--user", "no-such"],
        &["--user", "no-such", "-n", "x"],
        &["--as-group", "a"],
        &["--certificate-authority", "/no/such/file"],
        &["--certificate-authority", "/etc/hostname"],
        &["--client-certificate", "/no/such/file"],
        &["--client-key", "/no/such/file"],
    ];
    for line in lines {
        same(line);
    }
}

#[test]
fn files_in_no_encoding_are_refused_in_kubectls_words() {
    let files: [&[u8]; 9] = [
        b"\xff\xfek\0i",
        b"\xfe\xff\0k\0",
        b"\xff\xfe\0\xdck\0",
        b"\xff\xfe\0\xd8k\0",
        b"k\0i\0n\0d\0",
        b"# sh\xf6p, in Latin-1\n",
        b"# sh\xc0\x80p\n",
        b"# sh\xedp",
        b"# sh\x07p\n",
    ];
    let folder = tempfile::tempdir().expect("a folder");
    for (number, bytes) in files.into_iter().enumerate() {
        let file = folder.path().join(number.to_string());
        std::fs::write(&file, bytes).expect("written");
        same(&["--kubeconfig", &file.display().to_string()]);
    }
}
