//! What makes bytes smaller, and larger again under a bound: `Compressor`.

use larder_core::{Error, ErrorKind, Result};

/// An algorithm for [`Compressed`](crate::Compressed). Yours is one, too.
pub trait Compressor: Send + Sync + 'static {
    /// Its number on a label: one of [`compressor`](larder_core::parcel::compressor), or 128 and above.
    fn id(&self) -> u8;

    /// `plain` made smaller; `None` if it would be no smaller.
    fn compress(&self, plain: &[u8]) -> Result<Option<Vec<u8>>>;

    /// What gave exactly `packed`, if that is at most `most` bytes.
    ///
    /// `packed` may be anything: bytes cut off, added or forged are errors. Nothing is allocated because they say so:
    /// room grows with what is there, or has come out already.
    fn decompress(&self, packed: &[u8], most: usize) -> Result<Vec<u8>>;
}

/// Bytes that can't be decompressed.
pub(crate) fn unread(why: &'static str) -> Error {
    Error::new(ErrorKind::Codec, "decompressing a value").because(why)
}
