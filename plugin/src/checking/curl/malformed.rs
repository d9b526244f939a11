//! Answers that are none, in curl's words (`lib/http.c` and `lib/http_chunks.c` of curl 7.88).

use kubectl_pods_report::{Details, HttpFault};

/// Most bytes of heads that curl reads (`MAX_HTTP_RESP_HEADER_SIZE`).
const MAX_HEAD_BYTES: u64 = 300 * 1024;

/// Most lines of a head that the probe reads. curl has no such limit in 7.88.
const MAX_LINES: usize = 1000;

/// curl's exit code and complaint about an answer of which `details` are known. Of its heads `head_bytes` were read, line by line,
/// and `lines` of the last one.
pub(super) fn complaint(details: &Details, head_bytes: u64, lines: usize) -> (u8, String) {
    let begin = details.first_bytes.as_deref().unwrap_or_default();
    let (code, words) = match details.http_fault {
        // It may be one of HTTP 0.9, which is nothing but a body.
        None | Some(HttpFault::NotHttp) => (1, "Received HTTP/0.9 when not allowed"),
        Some(HttpFault::StatusLine) => return (1, status_line(begin)),
        Some(HttpFault::NoColon) => (8, "Header without colon"),
        Some(HttpFault::Nul) => (8, "Nul byte in header"),
        Some(HttpFault::ContentLength) => (8, "Invalid Content-Length: value"),
        Some(HttpFault::HeadTooLarge) if head_bytes > MAX_HEAD_BYTES => {
            return (56, format!("Too large response headers: {head_bytes} > {MAX_HEAD_BYTES}"));
        }
        Some(HttpFault::HeadTooLarge) if lines >= MAX_LINES => {
            return (56, format!("Too many response headers, {MAX_LINES} is max"));
        }
        // A line is longer than curl has room for.
        Some(HttpFault::HeadTooLarge) => (27, "Out of memory"),
        Some(HttpFault::Head | HttpFault::HeadCut) => (8, "Weird server reply"),
        Some(HttpFault::ChunkSizeTooLong) => {
            (56, "Too long hexadecimal number in chunked-encoding")
        }
        Some(HttpFault::ChunkEnd) => (56, "Malformed encoding found in chunked-encoding"),
        Some(HttpFault::ChunkSize | HttpFault::Chunks) => {
            (56, "Illegal or missing hexadecimal sequence in chunked-encoding")
        }
    };
    (code, words.to_owned())
}

/// What is wrong with the first line of an answer, as curl reads it: `HTTP/%1d.%1d%c%3d`.
fn status_line(line: &str) -> String {
    let digit = |at: usize| line.as_bytes().get(at).filter(|byte| byte.is_ascii_digit());
    let version = |major: &u8, minor: &u8| {
        let (major, minor) = (char::from(*major), char::from(*minor));
        format!("Unsupported HTTP version ({major}.{minor}) in response")
    };
    let rest = line.get(9..).unwrap_or_default();
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    match (digit(5), line.get(6..7), digit(7), line.get(8..9)) {
        (Some(major @ (b'2' | b'3')), Some(" "), Some(_), _) => version(major, &b'0'),
        (Some(_), Some("."), Some(_), Some(_)) if length > 3 || (1..3).contains(&length) => {
            "Unsupported response code in HTTP response".to_owned()
        }
        (Some(_), Some("."), Some(_), Some(_)) if rest.starts_with('0') => {
            "Unsupported response code in HTTP response".to_owned()
        }
        (Some(major), Some("."), Some(minor), Some(" ")) if length == 3 => version(major, minor),
        _ => "Unsupported HTTP version in response".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::status_line;

    #[test]
    fn a_first_line_is_read_as_by_sscanf() {
        let code = "Unsupported response code in HTTP response";
        let cases = [
            ("HTTP/1.1 20x", code),
            ("HTTP/1.1 2000 OK", code),
            ("HTTP/1.1 099 OK", code),
            ("HTTP/3.7 200 OK", "Unsupported HTTP version (3.7) in response"),
            ("HTTP/1.2 200 OK", "Unsupported HTTP version (1.2) in response"),
            ("HTTP/3 200 OK", "Unsupported HTTP version (3.0) in response"),
            ("HTTP/1.1 abc", "Unsupported HTTP version in response"),
            ("HTTP/1.1\\t200 OK", "Unsupported HTTP version in response"),
            ("HTTP/", "Unsupported HTTP version in response"),
        ];
        for (line, expected) in cases {
            assert_eq!(status_line(line), expected, "{line}");
        }
    }
}
