//! A plan as the text of an environment variable: JSON, compressed by gzip, in base64.
//!
//! Linux lets no string of a process's environment be longer than 128 KiB. A check takes 200 to 300 bytes of JSON but 20
//! to 40 of this, because checks are much alike, so that there is room for thousands of them. It needs no object
//! beside the pod, which would be one more right to have and one more thing to remove.
//! `base64 -d | gunzip` shows the JSON.

use std::io::{self, Write as _};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use flate2::{
    Compression,
    write::{GzDecoder, GzEncoder},
};
use kubectl_pods_report::Plan;

/// Writes `plan` as the text of [`kubectl_pods_report::PLAN_VARIABLE`].
///
/// # Errors
///
/// None are known: a plan has nothing that JSON cannot say, and memory is all that is written to.
pub fn pack(plan: &Plan) -> io::Result<String> {
    compress(&serde_json::to_vec(plan)?)
}

/// Any bytes as text: compressed by gzip, in base64.
pub(crate) fn compress(bytes: &[u8]) -> io::Result<String> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes)?;
    Ok(BASE64_STANDARD.encode(packed.finish()?))
}

/// What [`compress`] was given.
pub(crate) fn decompress(text: &str) -> io::Result<Vec<u8>> {
    let packed = BASE64_STANDARD.decode(text).map_err(io::Error::other)?;
    let mut bytes = GzDecoder::new(Vec::new());
    bytes.write_all(&packed)?;
    bytes.finish()
}

/// Reads what [`pack`] wrote.
///
/// # Errors
///
/// `InvalidData` or `InvalidInput` when it is no base64, no gzip, cut short or damaged; `serde_json`'s error when it is no plan.
pub fn unpack(text: &str) -> io::Result<Plan> {
    Ok(serde_json::from_slice(&decompress(text)?)?)
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Ask, Check, HttpRequest};

    use super::*;

    fn plan(checks: u32) -> Plan {
        let check = |id| Check::new(id, "web", "10.0.0.7", Ask::http(80, HttpRequest::default()));
        Plan::once((0..checks).map(check).collect())
    }

    #[test]
    fn a_plan_is_read_as_it_was_written_and_takes_little() {
        let plan = plan(1000);
        let json = serde_json::to_string(&plan).expect("JSON");
        let packed = pack(&plan).expect("packed");
        assert!(packed.len() * 10 < json.len(), "{} of {} bytes", packed.len(), json.len());
        assert_eq!(unpack(&packed).expect("the same"), plan);
    }

    #[test]
    fn what_is_not_whole_is_no_plan() {
        let packed = pack(&plan(3)).expect("packed");
        for length in 0..packed.len() {
            assert!(unpack(&packed[..length]).is_err(), "{length} of {} bytes", packed.len());
        }
        assert!(unpack("{}").is_err());
    }
}
