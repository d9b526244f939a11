//! Small words of which messages are made.

/// Names of a list that are written out.
const NAMED: usize = 3;
/// Letters of somebody else's message that are kept.
const LETTERS: usize = 160;

/// `1 pod`, `3 pods`.
pub(super) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// `a, b, c and 4 more`.
pub(super) fn some<S: AsRef<str>>(names: &[S]) -> String {
    let first: Vec<&str> = names.iter().take(NAMED).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// The same of ports.
pub(super) fn numbers(ports: &[u16]) -> String {
    some(&ports.iter().map(u16::to_string).collect::<Vec<_>>())
}

/// One line of what somebody else said, and not too much of it.
pub(super) fn line(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_end_matches('.');
    match text.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The end of a chain of errors (`a: b: c: d`), where the reason is: its last two links.
pub(super) fn reason(text: &str) -> String {
    let text = text.rsplit_once("desc = ").map_or(text, |(_, text)| text); // What gRPC puts before it.
    let text = text.strip_suffix(": unknown").unwrap_or(text); // An error of containerd's without a class.
    // What a program is called that could not be started stands before the reason, which may have links of its own.
    if let Some((_, program)) = text.rsplit_once(": exec: ") {
        return line(program);
    }
    let mut links: Vec<&str> = text.rsplitn(3, ": ").take(2).collect();
    links.reverse();
    line(&links.join(": "))
}

/// Slips of the pen between two words.
pub(super) fn distance(one: &str, other: &str) -> usize {
    strsim::osa_distance(one, other)
}

/// The name among `known` that is most like `name`, if one is at all: a slip of the pen, or one that begins with it.
pub(super) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let slips = 1 + name.len() / 4;
    let distance = |known: &str| {
        let edits = self::distance(name, known);
        if edits <= slips {
            return Some(edits);
        }
        let longer = known.starts_with(name) || name.starts_with(known);
        longer.then_some(slips + edits)
    };
    let near = known.into_iter().filter_map(|known| Some((distance(known)?, known)));
    near.min().map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_nearer_than_a_longer_name_and_both_than_another_word() {
        let cases: [(&str, &[&str], Option<&str>); 5] = [
            ("wbe", &["web", "db"], Some("web")),
            ("web", &["web-api", "wb"], Some("wb")),
            ("web", &["web-api", "database"], Some("web-api")),
            ("nginx-srv", &["nginx-svc", "httpd"], Some("nginx-svc")),
            ("web", &["database", "queue"], None),
        ];
        for (name, known, expected) in cases {
            assert_eq!(nearest(name, known.iter().copied()), expected, "{name}");
        }
    }

    #[test]
    fn of_a_long_message_the_reason_is_kept() {
        let pull = "rpc error: code = NotFound desc = failed to resolve reference \"x/y:1\": x/y:1: not found";
        assert_eq!(reason(pull), "x/y:1: not found");
        let start = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container \
                     process: error during container init: exec: \"/app/serve\": stat /app/serve: no such file or directory: \
                     unknown";
        assert_eq!(reason(start), "\"/app/serve\": stat /app/serve: no such file or directory");
        assert_eq!(reason("configmap \"web\" not found"), "configmap \"web\" not found");
        assert_eq!(line("a\n b.\n"), "a b");
        assert_eq!(line(&"x".repeat(500)).chars().count(), LETTERS + 1);
        assert_eq!(some(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
        assert_eq!((count(1, "pod"), count(0, "pod")), ("1 pod".to_owned(), "0 pods".to_owned()));
    }
}
