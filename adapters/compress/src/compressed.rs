//! Parcels made smaller by any compressor: the codec `Compressed`, with its threshold and its bounds.

use std::fmt;
use std::sync::Arc;

use larder_core::{Codec, Context, Error, ErrorKind, Parcel, Result, parcel::compressor};

use crate::compressor::{Compressor, unread};
use crate::meter::Meter;

/// A decompressed value may be so large whatever the ratio.
const FREE: usize = 1 << 20;

/// Parcels made smaller by `C`, where that pays.
///
/// A payload is compressed if it has at least [`at_least`](Self::at_least) bytes, and kept so only if that made it smaller
/// and it can be decompressed under the bounds. Cloned cheaply; the clones share settings and statistics.
///
/// What it costs: the algorithm's work, one allocation each way, and contexts that are kept for each thread that uses them.
/// Statistics cost a few nanoseconds; the time of small values is measured for one in sixteen, and taken for the others'.
///
/// # When something fails
///
/// - A parcel that is damaged, cut, or would exceed a bound can't be decompressed: an error of the kind
///   [`Codec`](ErrorKind::Codec), which a store reads as a miss. So can't one that another compressor made.
/// - A parcel that is compressed or sealed already can't be compressed: put the codecs in order.
pub struct Compressed<C> {
    how: Arc<C>,
    at_least: usize,
    at_most: usize,
    ratio: usize,
    secrets: Arc<Vec<Vec<u8>>>,
    meter: Meter,
}

impl<C: Compressor> Compressed<C> {
    /// Parcels made smaller by `compressor`.
    pub fn by(compressor: C) -> Self {
        Self {
            how: Arc::new(compressor),
            at_least: 1 << 10,
            at_most: 64 << 20,
            ratio: 1_000,
            secrets: Arc::default(),
            meter: Meter::default(),
        }
    }

    /// Leaves payloads below so many bytes alone. Without it: 1 KiB.
    pub const fn at_least(mut self, bytes: usize) -> Self {
        self.at_least = bytes;
        self
    }

    /// Decompresses to no more than so many bytes, and compresses nothing larger. Without it: 64 MiB.
    pub const fn at_most(mut self, bytes: usize) -> Self {
        self.at_most = bytes;
        self
    }

    /// Decompresses to no more than so many bytes for each byte that is there, or 1 MiB; and compresses nothing that would
    /// need more. Without it: 1,000.
    pub const fn ratio(mut self, times: usize) -> Self {
        self.ratio = times;
        self
    }

    /// Leaves values alone whose stored key begins with `prefix`. Can be said several times.
    ///
    /// For values that hold a secret beside what somebody else can choose: the length of the compressed whole tells how
    /// much alike the two are, and letter by letter what the secret is (CVE-2012-4929, CVE-2013-3587), sealed or not.
    pub fn secret(mut self, prefix: impl Into<Vec<u8>>) -> Self {
        Arc::make_mut(&mut self.secrets).push(prefix.into());
        self
    }

    /// What was done so far, to be read when this codec has gone into a store.
    pub fn meter(&self) -> Meter {
        self.meter.clone()
    }

    /// The same with another compressor, made of this one.
    #[cfg(feature = "zstd")]
    pub(crate) fn map(self, change: impl FnOnce(&C) -> C) -> Self {
        Self { how: Arc::new(change(&self.how)), ..self }
    }

    fn is_left_alone(&self, payload: &[u8], key: &[u8]) -> bool {
        let secret = || self.secrets.iter().any(|prefix| key.starts_with(prefix));
        payload.len() < self.at_least || payload.len() > self.at_most || secret()
    }

    /// How large `packed` bytes may become.
    fn bound(&self, packed: usize) -> usize {
        self.at_most.min(FREE.max(packed.saturating_mul(self.ratio)))
    }
}

impl<C: Compressor> Codec for Compressed<C> {
    type Plain = Parcel;
    type Encoded = Parcel;

    fn encode(&self, parcel: &Parcel, context: &Context<'_>) -> Result<Parcel> {
        if parcel.label.compressor != compressor::NONE || parcel.label.cipher != 0 {
            let error = Error::new(ErrorKind::Codec, "compressing a value");
            return Err(error.because("it is compressed or sealed already"));
        }
        let plain = parcel.payload();
        if self.is_left_alone(plain, context.key) {
            self.meter.left(plain.len());
            return Ok(parcel.clone());
        }
        let timing = self.meter.start(plain.len());
        let packed = self.how.compress(plain)?.filter(|packed| plain.len() <= self.bound(packed.len()));
        self.meter.compressed(timing, plain.len(), packed.as_ref().map(Vec::len));
        let Some(packed) = packed else { return Ok(parcel.clone()) };
        let mut label = parcel.label.clone();
        label.compressor = self.how.id();
        Ok(Parcel::new(label, packed))
    }

    fn decode(&self, parcel: &Parcel, _: &Context<'_>) -> Result<Parcel> {
        let mut label = parcel.label.clone();
        if label.compressor == compressor::NONE {
            return Ok(parcel.clone());
        }
        if label.cipher != 0 || label.compressor != self.how.id() {
            return Err(unread("it is sealed, or compressed in another way"));
        }
        label.compressor = compressor::NONE;
        let packed = parcel.payload();
        let timing = self.meter.start(packed.len());
        let plain = self.how.decompress(packed, self.bound(packed.len()));
        self.meter.decompressed(timing, plain.is_ok());
        Ok(Parcel::new(label, plain?))
    }
}

impl<C> Clone for Compressed<C> {
    fn clone(&self) -> Self {
        let (how, secrets) = (Arc::clone(&self.how), Arc::clone(&self.secrets));
        Self { how, secrets, meter: self.meter.clone(), ..*self }
    }
}

impl<C: fmt::Debug> fmt::Debug for Compressed<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressed")
            .field("by", &self.how)
            .field("at_least", &self.at_least)
            .field("at_most", &self.at_most)
            .field("ratio", &self.ratio)
            .finish_non_exhaustive()
    }
}
