//! Circles among modules: such that use each other, directly or through others.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::modules::Words;

/// What one child of a module uses of its others, and who in it uses what in them.
type Siblings<'a> = BTreeMap<&'a str, BTreeMap<&'a str, (&'a Words, &'a Words)>>;

/// The circles that the children of each module form, a line for each: who, and by whose hand. That a module uses its
/// children and they use what it has is no circle.
pub(super) fn circles(uses: &BTreeSet<(&Words, &Words)>) -> Vec<String> {
    let mut families: BTreeMap<&[String], Siblings<'_>> = BTreeMap::new();
    for (by, what) in uses {
        let common = by.iter().zip(what.iter()).take_while(|(a, b)| a == b).count();
        if let (Some(from), Some(to)) = (by.get(common), what.get(common)) {
            let siblings = families.entry(&by[..common]).or_default();
            siblings.entry(from).or_default().entry(to).or_insert((by, what));
        }
    }
    let mut lines = Vec::new();
    for siblings in families.values() {
        let mut told = BTreeSet::new();
        for start in siblings.keys() {
            let circle = shortest_circle(siblings, start).filter(|_| !told.contains(start));
            if let Some(circle) = circle {
                lines.push(told_of(siblings, &circle));
                told.extend(circle);
            }
        }
    }
    lines
}

/// The shortest way from `start` back to it, both ends included.
fn shortest_circle<'a>(siblings: &Siblings<'a>, start: &'a str) -> Option<Vec<&'a str>> {
    let mut ways = VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let next =
            way.last().and_then(|last| siblings.get(last)).into_iter().flat_map(BTreeMap::keys);
        for sibling in next {
            let way = [way.as_slice(), &[*sibling]].concat();
            if *sibling == start {
                return Some(way);
            }
            if seen.insert(*sibling) {
                ways.push_back(way);
            }
        }
    }
    None
}

fn told_of(siblings: &Siblings<'_>, circle: &[&str]) -> String {
    let steps = circle.windows(2).map(|pair| {
        let (from, to) = siblings[pair[0]][pair[1]];
        format!("{} uses {}", from.join("::"), to.join("::"))
    });
    format!("{}: {}", circle.join(" → "), steps.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pairs<'a> = &'a [(&'a str, &'a str)];

    fn told(pairs: Pairs<'_>) -> Vec<String> {
        let words = |path: &str| path.split("::").map(str::to_owned).collect::<Words>();
        let pairs: Vec<(Words, Words)> =
            pairs.iter().map(|(by, what)| (words(by), words(what))).collect();
        circles(&pairs.iter().map(|(by, what)| (by, what)).collect())
    }

    #[test]
    fn circles_are_told_with_who_makes_them() {
        let cases: [(&str, Pairs<'_>, &[&str]); 6] = [
            ("a line", &[("a", "b"), ("b", "c")], &[]),
            ("a pair", &[("a", "b"), ("b", "a")], &["a → b → a: a uses b, b uses a"]),
            (
                "three",
                &[("a", "b"), ("b", "c"), ("c", "a"), ("x", "a")],
                &["a → b → c → a: a uses b, b uses c, c uses a"],
            ),
            (
                "by what is in them",
                &[("a::x", "b::y"), ("b::z", "a")],
                &["a → b → a: a::x uses b::y, b::z uses a"],
            ),
            (
                "siblings",
                &[("a::x", "a::y"), ("a::y", "a::x")],
                &["x → y → x: a::x uses a::y, a::y uses a::x"],
            ),
            ("parent and child", &[("a", "a::x"), ("a::x", "a")], &[]),
        ];
        for (name, pairs, expected) in cases {
            assert_eq!(told(pairs), expected, "{name}");
        }
    }
}
