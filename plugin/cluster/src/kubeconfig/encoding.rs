//! Bytes of a kubeconfig file to characters, by the rules and in the words of kubectl's YAML reader (go.yaml.in/yaml/v2
//! `readerc.go`): UTF-8 unless a byte order mark says UTF-16, and no control characters.

/// The characters of a file, without its byte order mark.
///
/// # Errors
///
/// What the first byte is that is no character, or none that a YAML file may have.
pub(super) fn decode(bytes: &[u8]) -> Result<String, &'static str> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => utf8(rest),
    }
}

fn utf8(bytes: &[u8]) -> Result<String, &'static str> {
    match str::from_utf8(bytes) {
        Ok(text) => text.chars().map(allowed).collect(),
        Err(error) => {
            let (good, bad) = bytes.split_at(error.valid_up_to());
            // What is wrong before it is said first.
            utf8(good).and(Err(octets(bad)))
        }
    }
}

/// What is wrong with the octets that `bad` begins with.
fn octets(bad: &[u8]) -> &'static str {
    let width = match bad[0] {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        _ => return "invalid leading UTF-8 octet",
    };
    match bad.get(1..width) {
        None => "incomplete UTF-8 octet sequence",
        Some(trailing) if trailing.iter().any(|octet| octet & 0xc0 != 0x80) => {
            "invalid trailing UTF-8 octet"
        }
        // A surrogate, or beyond the last character.
        Some(_) if matches!(bad[0], 0xed | 0xf4..) => "invalid Unicode character",
        Some(_) => "invalid length of a UTF-8 sequence",
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, &'static str> {
    let (pairs, rest) = bytes.as_chunks();
    let characters = char::decode_utf16(pairs.iter().copied().map(unit));
    let text: String = characters
        .map(|character| match character {
            Ok(character) => allowed(character),
            Err(error) if error.unpaired_surrogate() < 0xdc00 => Err("expected low surrogate area"),
            Err(_) => Err("unexpected low surrogate area"),
        })
        .collect::<Result<_, _>>()?;
    if rest.is_empty() { Ok(text) } else { Err("incomplete UTF-16 character") }
}

fn allowed(character: char) -> Result<char, &'static str> {
    match character {
        '\t' | '\n' | '\r' | '\u{85}' => Ok(character),
        '\u{fffe}' | '\u{ffff}' => Err("control characters are not allowed"),
        _ if character.is_control() => Err("control characters are not allowed"),
        _ => Ok(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_character_and_what_is_not() {
        type Case = (&'static str, &'static [u8], Result<&'static str, &'static str>);
        const CONTROL: &str = "control characters are not allowed";
        // What kubectl 1.36 says to a file with these bytes.
        let cases: [Case; 22] = [
            ("nothing", b"", Ok("")),
            ("UTF-8", "a: ü\r\n\t\u{85}".as_bytes(), Ok("a: ü\r\n\t\u{85}")),
            ("UTF-8 with a mark", b"\xef\xbb\xbfa", Ok("a")),
            ("a mark further on", "a\u{feff}".as_bytes(), Ok("a\u{feff}")),
            ("UTF-16, little end first", b"\xff\xfea\0\xfc\0", Ok("aü")),
            ("UTF-16, big end first", b"\xfe\xff\0a\xd8\x3d\xde\0", Ok("a😀")),
            ("only a mark", b"\xff\xfe", Ok("")),
            ("half a unit", b"\xff\xfea\0b", Err("incomplete UTF-16 character")),
            ("half a unit, big end first", b"\xfe\xffa", Err("incomplete UTF-16 character")),
            ("half a pair", b"\xff\xfe\0\xd8a\0", Err("expected low surrogate area")),
            ("the other half", b"\xff\xfe\0\xdc", Err("unexpected low surrogate area")),
            ("UTF-16 without a mark", b"a\0", Err(CONTROL)),
            ("UTF-32", b"\xff\xfe\0\0a\0\0\0", Err(CONTROL)),
            ("a bell", b"a: \x07", Err(CONTROL)),
            ("no character", "a: \u{fffe}".as_bytes(), Err(CONTROL)),
            ("control before nonsense", b"\x7f\xff\0", Err(CONTROL)),
            ("a trailing octet first", b"a: \x80", Err("invalid leading UTF-8 octet")),
            ("Latin-1", b"sh\xf6p ", Err("incomplete UTF-8 octet sequence")),
            ("Latin-1 with more behind", b"sh\xf6p: a", Err("invalid trailing UTF-8 octet")),
            ("overlong", b"\xc0\x80", Err("invalid length of a UTF-8 sequence")),
            ("a surrogate", b"\xed\xa0\x80", Err("invalid Unicode character")),
            ("beyond", b"\xf7\xbf\xbf\xbf", Err("invalid Unicode character")),
        ];
        for (name, bytes, expected) in cases {
            assert_eq!(decode(bytes).as_deref().map_err(|reason| *reason), expected, "{name}");
        }
    }
}
