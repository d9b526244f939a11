//! The invariants of `docs/architecture.md` that a program can check.

mod circles;
mod modules;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::workspace::{files, root};
use modules::Modules;

/// Checks all of them and lists every violation.
///
/// # Errors
///
/// When one does not hold, or a file cannot be read.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut broken = Vec::new();
    for file in rust_files()? {
        let text = fs::read_to_string(root().join(&file)).with_context(|| file.clone())?;
        broken.extend(violations(&file, &text));
    }
    let main = fs::read_to_string(root().join("plugin/src/main.rs"))?;
    broken.extend(main_grows(&main));
    for file in MANIFESTS {
        let text = fs::read_to_string(root().join(file)).with_context(|| file.to_owned())?;
        broken.extend(dependencies(file, &text));
    }
    for folder in crates()? {
        broken.extend(circles_of(&folder)?);
    }
    if !broken.is_empty() {
        bail!("invariants of docs/architecture.md are broken:\n  {}", broken.join("\n  "));
    }
    Ok(())
}

/// The folders of our crates' sources.
fn crates() -> Result<Vec<String>> {
    let manifests = files(".", "toml")?;
    let packages = manifests.iter().filter_map(|file| file.strip_suffix("/Cargo.toml"));
    let sources = packages.map(|package| format!("{package}/src"));
    Ok(sources.filter(|sources| root().join(sources).is_dir()).collect())
}

/// The circles that modules of the crate in `folder` form.
fn circles_of(folder: &str) -> Result<Vec<String>> {
    let mut modules = Modules::default();
    for file in files(folder, "rs")? {
        let text = fs::read_to_string(root().join(&file)).with_context(|| file.clone())?;
        let path = Path::new(&file).strip_prefix(folder)?;
        modules.add(path, &text).with_context(|| file.clone())?;
    }
    let circles = circles::circles(&modules.uses());
    Ok(circles
        .into_iter()
        .map(|circle| format!("{folder}: modules form a circle: {circle}"))
        .collect())
}

/// What `text`, the content of `file`, must not say.
fn violations(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = code(line);
        for rule in RULES {
            let holds_here = (rule.rooms)(file);
            if holds_here && rule.words.iter().any(|word| names(code, word)) {
                found.push(format!("{file}:{}: {}", number + 1, rule.says));
            }
        }
    }
    found
}

/// `line` without its comment, which begins the line or follows a blank: the slashes of a URL do not.
fn code(line: &str) -> &str {
    let begins = |at: &usize| *at == 0 || line[..*at].ends_with(char::is_whitespace);
    match line.match_indices("//").map(|(at, _)| at).find(begins) {
        Some(at) => &line[..at],
        None => line,
    }
}

/// Whether `code` says `word` as a word of its own: `eprintln!` does not say `println!`, nor `kubectl` `kube`.
fn names(code: &str, word: &str) -> bool {
    let part_of_a_name = |c: char| c.is_alphanumeric() || c == '_';
    let [begins_as_name, ends_as_name] =
        [word.starts_with(part_of_a_name), word.ends_with(part_of_a_name)];
    code.match_indices(word).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + word.len()..]);
        !(begins_as_name && before.ends_with(part_of_a_name)
            || ends_as_name && after.starts_with(part_of_a_name))
    })
}

/// `main.rs` parses, runs and gives an exit code; whatever makes it longer belongs elsewhere.
fn main_grows(text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines >= 60).then(|| format!("plugin/src/main.rs: has {lines} lines, not under 60"))
}

/// Manifests that have rules.
const MANIFESTS: [&str; 5] = [
    "plugin/Cargo.toml",
    "plugin/host/Cargo.toml",
    "plugin/table/Cargo.toml",
    "report/Cargo.toml",
    "probe/Cargo.toml",
];

/// What does I/O or is async among the crates that we use.
const BUSY: [&str; 6] =
    ["futures-util", "hyper", "kubectl-pods-cluster", "reqwest", "rustix", "tokio"];

/// What the manifest `text` of `file` must not depend on.
fn dependencies(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut section = "";
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let name = if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']');
            // `[dependencies.serde]` names one, too.
            section.rsplit_once("dependencies.").map(|(_, name)| name)
        } else {
            section.ends_with("dependencies").then(|| line.split(['=', '.', ' ']).next()).flatten()
        };
        let Some(name) = name.filter(|name| !name.is_empty()) else { continue };
        let built_in = !section.contains("dev-dependencies");
        let says = match file {
            "report/Cargo.toml" if built_in && name != "serde" => {
                "report depends on nothing but serde"
            }
            "probe/Cargo.toml" if matches!(name, "kube" | "k8s-openapi") => {
                "the probe knows nothing of Kubernetes"
            }
            "plugin/table/Cargo.toml" if BUSY.contains(&name) => {
                "table does no I/O and is not async"
            }
            _ if file.starts_with("plugin/")
                && name.starts_with("kube")
                && !name.starts_with("kubectl-pods") =>
            {
                "only plugin/cluster depends on the kube crates"
            }
            _ => continue,
        };
        found.push(format!("{file}:{}: {says}", number + 1));
    }
    found
}

struct Rule {
    says: &'static str,
    words: &'static [&'static str],
    /// Whether the rule holds for a file.
    rooms: fn(&str) -> bool,
}

const RULES: &[Rule] = &[
    Rule {
        says: "only plugin/src/output writes to standard output",
        words: &["println!", "print!", ".print()", "stdout()"],
        rooms: |file| file.starts_with("plugin/") && !file.starts_with("plugin/src/output/"),
    },
    Rule {
        says: "report does no I/O",
        words: &[
            "std::fs",
            "std::io",
            "std::process",
            "TcpStream",
            "TcpListener",
            "UdpSocket",
            "ToSocketAddrs",
            "tokio",
            "async ",
        ],
        rooms: |file| file.starts_with("report/src/"),
    },
    Rule {
        says: "only report judges: ask the judgement, or a method of Attempt",
        words: &["== Observation::Open", "!= Observation::Open", "Seen(Observation::Open)"],
        rooms: |file| !file.starts_with("report/src/"),
    },
    Rule {
        says: "the probe knows nothing of Kubernetes",
        words: &["kube", "kube_core", "kube_client", "k8s_openapi"],
        rooms: |file| file.starts_with("probe/src/"),
    },
];

/// Every Rust file of the rooms that have rules.
fn rust_files() -> anyhow::Result<Vec<String>> {
    let rooms = ["plugin", "probe/src", "report/src"].map(|room| files(room, "rs"));
    Ok(rooms.into_iter().collect::<anyhow::Result<Vec<_>>>()?.concat())
}

#[cfg(test)]
mod tests {
    use super::{dependencies, main_grows, violations};

    #[test]
    fn each_rule_can_be_broken_and_only_in_its_room() {
        let cases = [
            ("plugin/src/listing/mod.rs", "println!(\"x\");", 1),
            ("plugin/src/listing/mod.rs", "eprintln!(\"x\");", 0),
            ("plugin/src/listing/mod.rs", "std::io::stdout()", 1),
            ("plugin/src/output/mod.rs", "std::io::stdout()", 0),
            ("plugin/src/cli/parse.rs", "let _ = help.print();", 1),
            ("plugin/src/listing/mod.rs", "table.print(&mut stdout)?;", 0),
            ("plugin/cluster/src/go.rs", "f(\"http://x\"); println!();", 1),
            ("plugin/cluster/src/go.rs", "f(\"http://x\"); // not println!();", 0),
            ("plugin/cluster/src/go.rs", "// println!(\"x\");", 0),
            ("report/src/plan.rs", "use std::fs;", 1),
            ("report/src/plan.rs", "use std::net::TcpStream;", 1),
            ("report/src/plan.rs", "use std::net::IpAddr;", 0),
            ("report/src/attempt.rs", "self.observation == Observation::Open", 0),
            ("probe/src/metrics.rs", "if attempt.observation == Observation::Open {", 1),
            ("probe/src/metrics.rs", "(Observation::Open, open(trace, answered))", 0),
            ("probe/src/run.rs", "use k8s_openapi::api;", 1),
            ("probe/src/run.rs", "use {anyhow, kube};", 1),
            ("probe/src/run.rs", "use kube as k;", 1),
            ("probe/src/run.rs", "let pods = ::kube::Api::all(c);", 1),
            ("plugin/table/src/grid.rs", "println!(\"x\");", 1),
            ("probe/src/run.rs", "// kube::Api is not for us", 0),
        ];
        for (file, text, expected) in cases {
            assert_eq!(violations(file, text).len(), expected, "{file}: {text}");
        }
    }

    #[test]
    fn main_stays_under_60_lines() {
        assert_eq!(main_grows(&"\n".repeat(59)), None);
        assert!(main_grows(&"\n".repeat(60)).is_some());
    }

    #[test]
    fn manifests_name_only_what_their_room_may() {
        let cases = [
            ("report", "[dependencies]\nserde = { workspace = true }\n", 0),
            ("report", "[dependencies]\nserde.workspace = true\nserde_json = \"1\"\n", 1),
            ("report", "[dependencies.tokio]\nworkspace = true\n", 1),
            ("report", "[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\" # errno\n", 1),
            (
                "report",
                "[dependencies]\n# tokio = \"1\"\n\n[dev-dependencies]\nserde_json = \"1\"\n",
                0,
            ),
            ("report", "[package]\nname = \"x\"\n[lints]\nworkspace = true\n", 0),
            ("probe", "[dependencies]\nhyper = \"1\"\n", 0),
            (
                "probe",
                "[dependencies]\nkube = \"5\"\n[dev-dependencies]\nk8s-openapi = \"0.29\"\n",
                2,
            ),
            ("probe", "[dependencies.k8s-openapi]\nworkspace = true\n", 1),
            ("plugin", "[dependencies]\nkube = \"5\"\nkube-core = \"5\"\n", 2),
            ("plugin", "[dependencies]\nkubectl-pods-cluster = { workspace = true }\n", 0),
            ("plugin/table", "[dependencies]\ntokio = { workspace = true }\n", 1),
            ("plugin/host", "[dependencies]\nkube.workspace = true\n", 1),
        ];
        for (crate_name, text, expected) in cases {
            let file = format!("{crate_name}/Cargo.toml");
            assert_eq!(dependencies(&file, text).len(), expected, "{file}: {text}");
        }
    }
}
