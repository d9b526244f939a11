//! The order of keys in go-yaml's maps: numbers inside names count as numbers, `k9` before `k10`.

use std::borrow::Cow;

use super::node::Node;

/// The entries of a map in go-yaml's order.
pub(super) fn sorted<'m, 'a>(
    entries: &'m [(Cow<'a, str>, Node<'a>)],
) -> Vec<(&'m str, &'m Node<'a>)> {
    let mut sorted: Vec<(&str, &Node<'a>)> = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        // go-yaml's order need not be transitive, so no library sort may see it. Entries come in byte
        // order, which is nearly the wanted one.
        let place = sorted.iter().rposition(|(other, _)| !less(key, other)).map_or(0, |i| i + 1);
        sorted.insert(place, (key, value));
    }
    sorted
}

/// go-yaml's `keyList.Less` for strings.
fn less(left: &str, right: &str) -> bool {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let Some(at) = left.iter().zip(&right).position(|(a, b)| a != b) else {
        return left.len() < right.len();
    };
    let (a, b) = (left[at], right[at]);
    match (a.is_alphabetic(), b.is_alphabetic()) {
        (true, true) => return a < b,
        (false, false) => {}
        (_, right_is_letter) => return right_is_letter,
    }
    // Inside a number that has begun with another digit than zero, zeros count.
    let begun = (a == '0' || b == '0')
        && left[..at].iter().rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != '0');
    let (a_number, a_end) = number(&left, at, begun);
    let (b_number, b_end) = number(&right, at, begun);
    (a_number, a_end, a) < (b_number, b_end, b)
}

/// The number that goes on at `at`, and where it ends.
fn number(text: &[char], at: usize, begun: bool) -> (i64, usize) {
    let mut number = i64::from(begun);
    let mut end = at;
    while let Some(digit) = text.get(end).and_then(|letter| letter.to_digit(10)) {
        number = number.wrapping_mul(10).wrapping_add(i64::from(digit));
        end += 1;
    }
    (number, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count() {
        let keys =
            ["a", "a-b", "a.b/c", "a/b", "a1", "a2", "a10", "aB", "ab", "b", "b01", "b1", "B"];
        let mut entries: Vec<(Cow<'_, str>, Node<'_>)> =
            keys.iter().map(|key| ((*key).into(), Node::Null)).collect();
        entries.sort_by(|(left, _), (right, _)| left.cmp(right));
        let got: Vec<&str> = sorted(&entries).into_iter().map(|(key, _)| key).collect();
        // The order that go-yaml 2.4.3 gives.
        let expected =
            ["B", "a", "a-b", "a.b/c", "a/b", "a1", "a2", "a10", "aB", "ab", "b", "b1", "b01"];
        assert_eq!(got, expected);
    }
}
