//! What leaves the process: a value as bytes, with a label that says how to read it.
//!
//! A codec of values makes a [`Parcel`] of each ([`Raw`] of bytes, others of anything); codecs of parcels make it smaller
//! or seal it, and say so on its [`Label`]; a store that keeps bytes writes it, with its life, into one [`Envelope`].

mod checksum;
mod codecs;
mod contents;
mod envelope;
mod label;

pub use codecs::{Enveloped, Raw};
pub use contents::Parcel;
pub use envelope::Envelope;
pub use label::{Label, cipher, codec, compressor};
