//! Whether two tables are the same but for what changes by itself.

use std::io::{self, BufRead};

/// Whether two outputs have the same bytes outside their AGE columns: ages grow between two runs, and at 10,000 pods while
/// kubectl reads page after page. Read line by line: there may be megabytes of them.
///
/// # Errors
///
/// When one cannot be read, or is no text.
pub(super) fn but_for_ages(one: impl BufRead, other: impl BufRead) -> io::Result<bool> {
    let (mut one, mut other) = (one.lines(), other.lines());
    let mut headers = None;
    loop {
        let (one, other) = match (one.next().transpose()?, other.next().transpose()?) {
            (None, None) => return Ok(true),
            (Some(one), Some(other)) => (one, other),
            _ => return Ok(false),
        };
        let (of_one, of_other) = *headers.get_or_insert_with(|| (ages(&one), ages(&other)));
        if cut(&one, of_one) != cut(&other, of_other) {
            return Ok(false);
        }
    }
}

/// Where the column of ages begins and, unless it is the last one, ends.
type Ages = Option<(usize, Option<usize>)>;

fn ages(header: &str) -> Ages {
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
            let same = but_for_ages(one, other).expect("text");
            assert_eq!(same, expected, "{}", String::from_utf8_lossy(other));
        }
    }
}
