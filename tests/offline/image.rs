//! What `image` says before anything is brought anywhere.

use harness::Plugin;

#[test]
fn a_plugin_that_cargo_alone_built_says_how_to_get_one_with_a_probe() {
    let verbs: [&[&str]; 3] =
        [&["save", "-"], &["push", "localhost/probe"], &["load", "--containerd", "/nowhere"]];
    for verb in verbs {
        let run = Plugin::args(["image"]).args(verb.iter().copied()).run().exits(1);
        assert_eq!(run.stdout, "", "{}", run.story());
        assert!(run.stderr.contains("cargo xtask dist"), "{}", run.story());
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.story());
    }
}

#[test]
fn a_name_that_no_registry_takes_is_refused_first() {
    let run = Plugin::args(["image", "push", "probe"]).run().exits(1);
    assert_eq!(
        run.stderr,
        "error: image \"probe\" has no registry: write REGISTRY/NAME, or docker.io/USER/NAME\n"
    );
}
