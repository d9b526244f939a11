//! What `-d` and its relatives send, as curl reads them.

use std::{fs, io::Read as _};

use anyhow::Context as _;

use crate::cli::{DataKind, Datum};

/// All of it, joined as curl joins it; nothing when there is none.
///
/// # Errors
///
/// When a file cannot be read.
pub(super) fn join(data: &[Datum]) -> anyhow::Result<Option<Vec<u8>>> {
    let mut all: Option<Vec<u8>> = None;
    for datum in data {
        let bytes = bytes(datum)?;
        match &mut all {
            None => all = Some(bytes),
            Some(all) => {
                if datum.kind != DataKind::Json && !all.is_empty() {
                    all.push(b'&');
                }
                all.extend(bytes);
            }
        }
    }
    Ok(all)
}

fn bytes(Datum { kind, text }: &Datum) -> anyhow::Result<Vec<u8>> {
    let file = text.strip_prefix('@');
    Ok(match (kind, file) {
        (DataKind::UrlEncode, _) => url_encoded(text)?,
        (DataKind::Plain, Some(file)) => {
            let mut bytes = read(file)?;
            bytes.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
            bytes
        }
        (DataKind::Binary | DataKind::Json, Some(file)) => read(file)?,
        (DataKind::Raw, _) | (_, None) => text.clone().into_bytes(),
    })
}

/// `TEXT`, `=TEXT`, `NAME=TEXT`, `@FILE` or `NAME@FILE`.
fn url_encoded(text: &str) -> anyhow::Result<Vec<u8>> {
    let at = text.find('=').or_else(|| text.find('@'));
    let Some(at) = at else { return Ok(encode(text.as_bytes())) };
    let (name, rest) = text.split_at(at);
    let content = match rest.strip_prefix('@') {
        Some(file) => read(file)?,
        None => rest.as_bytes()[1..].to_vec(),
    };
    let equals = if name.is_empty() { "" } else { "=" };
    Ok([name.as_bytes(), equals.as_bytes(), &encode(&content)].concat())
}

/// For a form: what is not unreserved (RFC 3986, section 2.3) becomes `%XX`, a space becomes `+`.
fn encode(bytes: &[u8]) -> Vec<u8> {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b' ' => text.push('+'),
            b'-' | b'.' | b'_' | b'~' => text.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => text.push(char::from(*byte)),
            byte => text.extend(format!("%{byte:02X}").chars()),
        }
    }
    text.into_bytes()
}

/// The content of `file`, or of standard input for `-`.
pub(super) fn read(file: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = match file {
        "-" => std::io::stdin().read_to_end(&mut bytes).map(|_| bytes),
        file => fs::read(file),
    };
    read.with_context(|| format!("cannot read the data in {file:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_joined_as_in_curl() {
        let datum = |kind, text: &str| Datum { kind, text: text.to_owned() };
        let cases: [(&[Datum], Option<&str>); 7] = [
            (&[], None),
            (&[datum(DataKind::Plain, "")], Some("")),
            (&[datum(DataKind::Plain, "a"), datum(DataKind::Raw, "@b")], Some("a&@b")),
            (&[datum(DataKind::Json, "[1,"), datum(DataKind::Json, "2]")], Some("[1,2]")),
            (&[datum(DataKind::UrlEncode, "a b&c~")], Some("a+b%26c~")),
            (&[datum(DataKind::UrlEncode, "=a=b")], Some("a%3Db")),
            (&[datum(DataKind::UrlEncode, "n=@b")], Some("n=%40b")),
        ];
        for (data, expected) in cases {
            let joined = join(data).expect("no file to read");
            assert_eq!(joined.as_deref(), expected.map(str::as_bytes), "{data:?}");
        }
    }

    #[test]
    fn a_file_is_read_as_its_flag_says() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("data");
        fs::write(&file, b"a\r\n\0\xff b\n").expect("written");
        let of = |kind, prefix: &str| {
            join(&[Datum { kind, text: format!("{prefix}@{}", file.display()) }])
        };
        assert_eq!(of(DataKind::Plain, "").expect("read").as_deref(), Some(&b"a\xff b"[..]));
        let whole = of(DataKind::Binary, "").expect("read");
        assert_eq!(whole.as_deref(), Some(&b"a\r\n\0\xff b\n"[..]));
        let encoded = of(DataKind::UrlEncode, "n").expect("read");
        assert_eq!(encoded.as_deref(), Some(&b"n=a%0D%0A%00%FF+b%0A"[..]));
        let nowhere = Datum { kind: DataKind::Binary, text: "@/nowhere".to_owned() };
        let error = format!("{:#}", join(&[nowhere]).expect_err("no file"));
        assert!(error.starts_with("cannot read the data in \"/nowhere\": "), "{error}");
    }
}
