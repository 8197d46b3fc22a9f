//! A value as bytes, and how to read them: `Parcel`.

use std::fmt;
use std::sync::Arc;

use super::label::Label;

/// A value as bytes, and how to read them. Cloning it costs one reference count.
#[derive(Clone, PartialEq, Eq)]
pub struct Parcel {
    /// What was done to make these bytes of the value.
    pub label: Label,
    payload: Arc<Vec<u8>>,
}

impl Parcel {
    /// `payload`, to be read as `label` says.
    pub fn new(label: Label, payload: impl Into<Vec<u8>>) -> Self {
        Self { label, payload: Arc::new(payload.into()) }
    }

    /// The bytes.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The bytes, copied only if the parcel has clones.
    pub fn into_payload(self) -> Vec<u8> {
        Arc::unwrap_or_clone(self.payload)
    }
}

impl fmt::Debug for Parcel {
    /// Shows the label and the length only: values don't belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parcel")
            .field("label", &self.label)
            .field("bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}
