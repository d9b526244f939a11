//! Errors that are printed as they are.

/// An error whose text is complete as it stands, as kubectl's server errors are: it is printed without `error: ` in front.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Verbatim(pub String);

/// An object, or kubectl's words that there is no such one. That is an answer and no trouble.
pub type Found<T> = Result<T, Verbatim>;
