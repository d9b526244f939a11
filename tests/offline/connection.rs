//! No server to talk to: every verb says so in kubectl's words.

use harness::Plugin;

const VERBS: [&[&str]; 7] = [
    &["check", "web:80"],
    &["curl", "web"],
    // Nothing to look up first: a Job is what is asked for, and nobody may say that it exists.
    &["check", "10.0.0.7:80"],
    &["curl", "10.0.0.7"],
    &["monitor", "status"],
    &["monitor", "install", "10.0.0.7:80"],
    &["monitor", "uninstall"],
];

#[test]
fn every_verb_says_that_there_is_no_server_in_one_line() {
    let refused = "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n";
    let default = refused.replace("127.0.0.1:1", "localhost:8080");
    let cases: [(&[&str], &str); 2] = [(&["-s", "https://127.0.0.1:1"], refused), (&[], &default)];
    for words in VERBS {
        for (flags, complaint) in cases {
            let run = Plugin::args(words.iter().chain(flags).copied()).run().exits(1).prints("");
            assert_eq!(run.stderr, complaint, "{}", run.story());
        }
    }
}
