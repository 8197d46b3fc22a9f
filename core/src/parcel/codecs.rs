//! The two ends of a chain of parcels: bytes that are the value, and bytes for a store that keeps bytes.

use std::time::Duration;

use super::contents::Parcel;
use super::envelope::Envelope;
use super::label::{Label, codec};
use crate::{Codec, Context, Error, ErrorKind, Life, Result, Time};

/// Bytes as a parcel, as they are: for values that are bytes already.
///
/// # When something fails
///
/// A parcel with another label (of another codec, or still compressed or sealed) can't be decoded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Raw;

impl Codec for Raw {
    type Plain = Vec<u8>;
    type Encoded = Parcel;

    fn encode(&self, plain: &Vec<u8>, _: &Context<'_>) -> Result<Parcel> {
        Ok(Parcel::new(Label { codec: codec::RAW, ..Label::default() }, plain.as_slice()))
    }

    fn decode(&self, parcel: &Parcel, _: &Context<'_>) -> Result<Vec<u8>> {
        if parcel.label == Label::default() {
            Ok(parcel.payload().to_vec())
        } else {
            Err(Error::new(ErrorKind::Codec, "reading raw bytes").because("they are of another form"))
        }
    }
}

/// Parcels as plain bytes, each in an [`Envelope`]: for a store whose values are bytes, and for a journal.
///
/// The store keeps the lives itself; the envelope carries none.
///
/// # When something fails
///
/// Bytes that are damaged, cut or of another version can't be decoded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Enveloped;

impl Codec for Enveloped {
    type Plain = Parcel;
    type Encoded = Vec<u8>;

    fn encode(&self, parcel: &Parcel, _: &Context<'_>) -> Result<Vec<u8>> {
        Ok(Envelope::write(parcel, Life::DEFAULT, Time::ZERO))
    }

    fn decode(&self, bytes: &Vec<u8>, _: &Context<'_>) -> Result<Parcel> {
        Envelope::read(bytes, Time::ZERO, Duration::ZERO).map(|(parcel, _)| parcel)
    }
}
