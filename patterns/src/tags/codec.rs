//! Stamps that leave the process with their values: the codec `Stamping`.

use std::fmt;
use std::sync::Arc;

use larder_core::{Codec, Context, Error, ErrorKind, Label, Parcel, Result};

use super::stamp::{Stamp, Stamped};

/// Stamped values as parcels: the stamp on the label, the value as `C` makes it. For tags over a remote store:
///
/// ```
/// use larder_core::{Memory, Parcel, Raw, StoreExt};
/// use larder_patterns::{PatternExt, Stamping};
/// use larder_policies::Lru;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let remote = Memory::<Vec<u8>, Parcel, _>::new(100, Lru::new);
/// let pages = remote.encode(Stamping::new(Raw)).tagged(|_: &Vec<u8>, _: &Vec<u8>| ["pages"]);
/// pages.put(b"home".to_vec(), b"<p>hello</p>".to_vec()).await?;
/// assert!(pages.value(&b"home".to_vec()).await?.is_some());
/// pages.invalidate_tag("pages");
/// assert_eq!(pages.value(&b"home".to_vec()).await?, None);
/// # Ok::<(), larder_core::Error>(())
/// # }).unwrap();
/// ```
///
/// Codecs that compress or seal go between it and the store; a sealing one binds the stamp.
///
/// # When something fails
///
/// - A parcel without a stamp, or with one that no [`Stamp`] gave, can't be decoded: a miss.
/// - A stamp of more than 65,534 tags doesn't fit on a label: the value can't be encoded.
#[derive(Clone, Copy)]
pub struct Stamping<C>(C);

/// More words a label doesn't keep.
const WORDS: usize = u16::MAX as usize;

impl<C: Codec<Encoded = Parcel>> Stamping<C> {
    /// The codec whose values `codec` makes parcels of.
    pub const fn new(codec: C) -> Self {
        Self(codec)
    }
}

impl<C: Codec<Encoded = Parcel>> Codec for Stamping<C> {
    type Plain = Stamped<C::Plain>;
    type Encoded = Parcel;

    fn encode(&self, plain: &Self::Plain, context: &Context<'_>) -> Result<Parcel> {
        let mut parcel = self.0.encode(plain.value(), context)?;
        let words = plain.stamp().to_words();
        if parcel.label.stamps.is_some() || words.len() > WORDS {
            let error = Error::new(ErrorKind::Codec, "stamping a value");
            return Err(error.because("there is no room for its stamp"));
        }
        parcel.label.stamps = Some(Arc::new(words));
        Ok(parcel)
    }

    fn decode(&self, encoded: &Parcel, context: &Context<'_>) -> Result<Self::Plain> {
        let unstamped = || Error::new(ErrorKind::Codec, "reading a stamp").because("there is none");
        let stamp = Stamp::from_words(encoded.label.stamps()).ok_or_else(unstamped)?;
        let mut parcel = encoded.clone();
        parcel.label = Label { stamps: None, ..parcel.label };
        Ok(Stamped::new(self.0.decode(&parcel, context)?, stamp))
    }
}

impl<C: fmt::Debug> fmt::Debug for Stamping<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stamping").field(&self.0).finish()
    }
}
