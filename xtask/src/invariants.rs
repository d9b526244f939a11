//! The invariants of `docs/architecture.md` that a program can check.

use std::{fs, path::Path};

use anyhow::{Context as _, bail};

use crate::workspace::root;

/// Checks all of them and lists every violation.
///
/// # Errors
///
/// When one does not hold, or a file cannot be read.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut broken = Vec::new();
    for file in rust_files(root())? {
        let text = fs::read_to_string(root().join(&file)).with_context(|| file.clone())?;
        broken.extend(violations(&file, &text));
    }
    let main = fs::read_to_string(root().join("plugin/src/main.rs"))?;
    if main.lines().count() > 60 {
        broken.push("plugin/src/main.rs: has more than 60 lines".to_owned());
    }
    if !broken.is_empty() {
        bail!("invariants of docs/architecture.md are broken:\n  {}", broken.join("\n  "));
    }
    Ok(())
}

/// What `text`, the content of `file`, must not say.
fn violations(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for rule in RULES {
            let holds_here = (rule.rooms)(file);
            if holds_here && rule.words.iter().any(|word| names(code, word)) {
                found.push(format!("{file}:{}: {}", number + 1, rule.says));
            }
        }
    }
    found
}

/// Whether `code` says `word` as a word of its own: `eprintln!` does not say `println!`.
fn names(code: &str, word: &str) -> bool {
    let part_of_a_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| !code[..at].ends_with(part_of_a_name))
}

struct Rule {
    says: &'static str,
    words: &'static [&'static str],
    /// Whether the rule holds for a file.
    rooms: fn(&str) -> bool,
}

const RULES: &[Rule] = &[
    Rule {
        says: "only plugin/src/api and plugin/src/kubeconfig name the kube crate",
        words: &["kube::"],
        rooms: |file| {
            file.starts_with("plugin/src/")
                && !file.starts_with("plugin/src/api/")
                && !file.starts_with("plugin/src/kubeconfig/")
        },
    },
    Rule {
        says: "only plugin/src/output writes to standard output",
        words: &["println!", "print!", "stdout()"],
        rooms: |file| file.starts_with("plugin/src/") && !file.starts_with("plugin/src/output/"),
    },
    Rule {
        says: "report does no I/O",
        words: &["std::fs", "std::io", "std::process", "tokio", "async "],
        rooms: |file| file.starts_with("report/src/"),
    },
    Rule {
        says: "the probe knows nothing of Kubernetes",
        words: &["kube::", "k8s_openapi"],
        rooms: |file| file.starts_with("probe/src/"),
    },
];

/// Every Rust file of the workspace's own, relative to `root`.
fn rust_files(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut files = Vec::new();
    for room in ["plugin/src", "probe/src", "report/src"] {
        collect(root, &root.join(room), &mut files)?;
    }
    files.sort();
    Ok(files)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let relative = path.strip_prefix(root).expect("it was found below root");
            files.push(relative.display().to_string());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::violations;

    #[test]
    fn each_rule_can_be_broken_and_only_in_its_room() {
        let cases = [
            ("plugin/src/listing/mod.rs", "use kube::Api;", 1),
            ("plugin/src/api/mod.rs", "use kube::Api;", 0),
            ("plugin/src/listing/mod.rs", "println!(\"x\");", 1),
            ("plugin/src/listing/mod.rs", "eprintln!(\"x\");", 0),
            ("plugin/src/listing/mod.rs", "std::io::stdout()", 1),
            ("plugin/src/output/mod.rs", "std::io::stdout()", 0),
            ("report/src/plan.rs", "use std::fs;", 1),
            ("probe/src/run.rs", "use k8s_openapi::api;", 1),
            ("probe/src/run.rs", "// kube::Api is not for us", 0),
        ];
        for (file, text, expected) in cases {
            assert_eq!(violations(file, text).len(), expected, "{file}: {text}");
        }
    }
}
