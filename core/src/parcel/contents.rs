//! A value as bytes, and how to read them: `Parcel`.

use std::fmt;

use bytes::{Buf, Bytes};

use super::label::Label;

/// A value as bytes, and how to read them. Clones share the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Parcel {
    /// What was done to make these bytes of the value.
    pub label: Label,
    payload: Bytes,
}

impl Parcel {
    /// `payload`, to be read as `label` says. A vector without spare room is taken as it is.
    pub fn new(label: Label, payload: impl Into<Vec<u8>>) -> Self {
        Self { label, payload: payload.into().into() }
    }

    /// What is in `bytes` from `start` on, which must be within them; those before it stay where they are.
    #[inline]
    pub(super) fn within(label: Label, bytes: Vec<u8>, start: usize) -> Self {
        let mut payload = Bytes::from(bytes);
        payload.advance(start);
        Self { label, payload }
    }

    /// The bytes.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The bytes, copied only if the parcel has clones.
    pub fn into_payload(self) -> Vec<u8> {
        self.payload.into()
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
