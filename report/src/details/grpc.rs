//! What a gRPC server said.

use serde::{Deserialize, Serialize};

/// The end of one call of a gRPC server's health service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GrpcDetails {
    /// `grpc-status`: 0 is success (`doc/statuscodes.md` of the gRPC repository). Absent: the answer had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u32>,
    /// `grpc-message`, decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The health, in the words of the definition: `SERVING`, `NOT_SERVING`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<String>,
}
