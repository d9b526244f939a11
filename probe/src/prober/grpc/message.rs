//! The two messages of the health service, each of one field, in Protocol Buffers
//! (`grpc/health/v1/health.proto`; <https://protobuf.dev/programming-guides/encoding/>), and gRPC's frame around them.

use bytes::Bytes;

/// Bytes before a message: whether it is compressed, and its length.
const PREFIX: usize = 5;
/// Key of `HealthCheckRequest.service`: field 1, a length and so many bytes.
const SERVICE: u8 = 0x0a;
/// Number of `HealthCheckResponse.status`.
const STATUS: u64 = 1;

/// `HealthCheckResponse.ServingStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    Unknown,
    Serving,
    NotServing,
    ServiceUnknown,
}

impl Health {
    /// Its name in the definition.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Serving => "SERVING",
            Self::NotServing => "NOT_SERVING",
            Self::ServiceUnknown => "SERVICE_UNKNOWN",
        }
    }
}

/// The framed question for the health of `service`.
pub(super) fn request(service: &str) -> Bytes {
    let mut message = Vec::new();
    if !service.is_empty() {
        message.push(SERVICE);
        varint(service.len() as u64, &mut message);
        message.extend_from_slice(service.as_bytes());
    }
    let mut framed = vec![0];
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    framed.extend_from_slice(&length.to_be_bytes());
    framed.extend_from_slice(&message);
    framed.into()
}

/// The health that a framed answer tells.
///
/// # Errors
///
/// What is wrong with it, in words.
pub(super) fn health(framed: &[u8]) -> Result<Health, &'static str> {
    let (prefix, mut rest) = framed.split_at_checked(PREFIX).ok_or("it is too short")?;
    if prefix[0] != 0 {
        return Err("it is compressed, which was not asked for");
    }
    let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]);
    if u32::try_from(rest.len()) != Ok(length) {
        return Err("its length is another than it says");
    }
    // A field that is absent is 0.
    let mut status = 0;
    while !rest.is_empty() {
        let key = read_varint(&mut rest)?;
        let value = match key & 7 {
            0 => read_varint(&mut rest)?,
            2 => {
                let length = usize::try_from(read_varint(&mut rest)?).unwrap_or(usize::MAX);
                rest = rest.get(length..).ok_or("a field is cut short")?;
                continue;
            }
            _ => return Err("it has a field of a type that is not of its definition"),
        };
        if key >> 3 == STATUS {
            status = value;
        }
    }
    match status {
        0 => Ok(Health::Unknown),
        1 => Ok(Health::Serving),
        2 => Ok(Health::NotServing),
        3 => Ok(Health::ServiceUnknown),
        _ => Err("its status is not of its definition"),
    }
}

fn varint(mut number: u64, bytes: &mut Vec<u8>) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

fn read_varint(bytes: &mut &[u8]) -> Result<u64, &'static str> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().ok_or("a number is cut short")?;
        *bytes = rest;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err("a number is too long")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_is_what_protoc_makes() {
        assert_eq!(&request("")[..], b"\0\0\0\0\0");
        assert_eq!(&request("shop.Cart")[..], b"\0\0\0\0\x0b\x0a\x09shop.Cart");
        let long = "x".repeat(200);
        let framed = request(&long);
        assert_eq!(&framed[..8], b"\0\0\0\0\xcb\x0a\xc8\x01");
        assert_eq!(framed.len(), 8 + 200);
    }

    #[test]
    fn answers_are_read_whatever_stands_beside_the_status() {
        let cases: [(&[u8], Result<Health, &str>); 10] = [
            (b"\0\0\0\0\0", Ok(Health::Unknown)),
            (b"\0\0\0\0\x02\x08\x01", Ok(Health::Serving)),
            (b"\0\0\0\0\x02\x08\x02", Ok(Health::NotServing)),
            (b"\0\0\0\0\x02\x08\x03", Ok(Health::ServiceUnknown)),
            // Fields that a later definition may add.
            (b"\0\0\0\0\x07\x12\x01x\x08\x01\x18\x05", Ok(Health::Serving)),
            (b"\0\0\0", Err("it is too short")),
            (b"\x01\0\0\0\0", Err("it is compressed, which was not asked for")),
            (b"\0\0\0\0\x03\x08\x01", Err("its length is another than it says")),
            (b"\0\0\0\0\x02\x08\x80", Err("a number is cut short")),
            (b"\0\0\0\0\x02\x08\x09", Err("its status is not of its definition")),
        ];
        for (framed, expected) in cases {
            assert_eq!(health(framed), expected, "{framed:?}");
        }
    }
}
