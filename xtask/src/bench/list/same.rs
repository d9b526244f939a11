//! Whether two tables are the same but for what changes by itself.

/// Whether two outputs have the same bytes outside their AGE columns: ages grow between two runs, and at 10,000 pods while
/// kubectl reads page after page.
pub(super) fn but_for_ages(one: &[u8], other: &[u8]) -> bool {
    let [one, other] = [one, other].map(String::from_utf8_lossy);
    let ages = [&one, &other].map(|text| ages(text));
    one.lines().count() == other.lines().count()
        && one.lines().zip(other.lines()).all(|(one, other)| {
            let [one, other] =
                [(one, ages[0]), (other, ages[1])].map(|(line, ages)| cut(line, ages));
            one == other
        })
}

/// Where the column of ages begins and, unless it is the last one, ends.
type Ages = Option<(usize, Option<usize>)>;

fn ages(text: &str) -> Ages {
    let header = text.lines().next()?;
    let start = header.find(" AGE")? + 1;
    let behind = &header[start + "AGE".len()..];
    let end = behind.find(|letter: char| letter != ' ');
    Some((start, end.map(|blanks| start + "AGE".len() + blanks)))
}

/// What stands before and behind the age; without one, the line and nothing.
fn cut(line: &str, ages: Ages) -> (&str, &str) {
    let Some((start, end)) = ages else { return (line, "") };
    let behind = end.and_then(|end| line.get(end..)).unwrap_or_default();
    (line.get(..start).unwrap_or(line), behind)
}

#[cfg(test)]
mod tests {
    use super::but_for_ages;

    #[test]
    fn only_ages_may_differ() {
        let wide = b"NAME   AGE    IP\na      9m9s   1\n";
        let cases: [(&[u8], &[u8], bool); 7] = [
            (b"NAME   AGE\na      9s\n", b"NAME   AGE\na      10m\n", true),
            (b"NAME   AGE\na      9s\n", b"NAME   AGE\nb      9s\n", false),
            (b"NAME   AGE\na      9s\n", b"NAME   AGE\na      9s\nb      9s\n", false),
            (wide, b"NAME   AGE   IP\na      10m   1\n", true),
            (wide, b"NAME   AGE   IP\na      10m   2\n", false),
            (b"pod/a\n", b"pod/a\n", true),
            (b"pod/a\n", b"pod/b\n", false),
        ];
        for (one, other, expected) in cases {
            assert_eq!(but_for_ages(one, other), expected, "{}", String::from_utf8_lossy(other));
        }
    }
}
