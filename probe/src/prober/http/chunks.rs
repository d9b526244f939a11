//! What is wrong with the chunks of a body (RFC 9112, section 7.1): hyper says only that something is.

use kubectl_pods_report::HttpFault;

/// Digits of the largest length.
const MOST_DIGITS: usize = 16;

/// The first flaw of a body that begins so.
pub(super) fn flaw(mut body: &[u8]) -> HttpFault {
    loop {
        let count = body.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let (digits, rest) = body.split_at(count);
        let size = std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| isize::from_str_radix(digits, 16).ok());
        let Some(size) = size.and_then(|size| usize::try_from(size).ok()) else {
            return if count > MOST_DIGITS {
                HttpFault::ChunkSizeTooLong
            } else {
                HttpFault::ChunkSize
            };
        };
        let line = rest.iter().position(|byte| *byte == b'\n');
        let data = line.filter(|_| size > 0).and_then(|end| rest[end + 1..].split_at_checked(size));
        let Some((_, after)) = data else { return HttpFault::Chunks };
        let Some(next) = after.strip_prefix(b"\r\n") else { return HttpFault::ChunkEnd };
        body = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_flaw_counts() {
        let cases: [(&[u8], HttpFault); 8] = [
            (b"zz\r\n", HttpFault::ChunkSize),
            (b"2\r\nok\r\n-2\r\n", HttpFault::ChunkSize),
            (b"\r\nok\r\n", HttpFault::ChunkSize),
            (b"ffffffffffffffff\r\n", HttpFault::ChunkSize),
            (b"fffffffffffffffff\r\n", HttpFault::ChunkSizeTooLong),
            (b"2;a=b\r\nokay\r\n0\r\n\r\n", HttpFault::ChunkEnd),
            (b"2\r\nok\r\n0\r\ngarbage\r\n\r\n", HttpFault::Chunks),
            (b"2;an extension without an end", HttpFault::Chunks),
        ];
        for (body, expected) in cases {
            assert_eq!(flaw(body), expected, "{}", body.escape_ascii());
        }
    }
}
