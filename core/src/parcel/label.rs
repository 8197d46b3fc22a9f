//! What a parcel says of itself, and the numbers it says it by.

use std::sync::Arc;

/// How the bytes of a parcel were made of a value. Each codec writes its part, and reads only what it wrote.
///
/// It is not secret, and can be forged unless the parcel is sealed: a sealing codec binds all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// What made bytes of the value: a number of [`codec`].
    pub codec: u8,
    /// What made the bytes smaller: a number of [`compressor`].
    pub compressor: u8,
    /// What sealed the bytes: a number of [`cipher`].
    pub cipher: u8,
    /// Under which key of a keyring the bytes were sealed.
    pub key_id: u32,
    /// The type of the value, so that another type's bytes aren't read: a number of its codec's making.
    pub schema: u64,
    /// What must still be true for the value to be used (the versions of its tags, say), in words that only who put
    /// them there reads.
    pub stamps: Option<Arc<Vec<u64>>>,
}

impl Label {
    /// Bytes that no other label gives: what a sealing codec binds.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::FIXED + 8 * self.stamps().len());
        self.write(&mut bytes);
        bytes
    }

    /// The stamps, none if there are none.
    pub fn stamps(&self) -> &[u64] {
        self.stamps.as_ref().map_or(&[], |stamps| stamps.as_slice())
    }

    /// The stamps that are written: the first 65,535.
    pub(super) fn written_stamps(&self) -> &[u64] {
        let stamps = self.stamps();
        &stamps[..stamps.len().min(u16::MAX.into())]
    }

    /// The length of a label without stamps, in bytes.
    const FIXED: usize = 3 + 4 + 8 + 2;

    /// The same bytes, behind what is in `to` already. Stamps beyond 65,535 are not written.
    pub fn write(&self, to: &mut Vec<u8>) {
        let stamps = self.written_stamps();
        let mut fixed = [0; Self::FIXED];
        fixed[..3].copy_from_slice(&[self.codec, self.compressor, self.cipher]);
        fixed[3..7].copy_from_slice(&self.key_id.to_le_bytes());
        fixed[7..15].copy_from_slice(&self.schema.to_le_bytes());
        fixed[15..].copy_from_slice(&(stamps.len() as u16).to_le_bytes());
        to.extend_from_slice(&fixed);
        for stamp in stamps {
            to.extend_from_slice(&stamp.to_le_bytes());
        }
    }

    /// The label that `bytes` begin with, and the rest of them. Allocates no more than is there.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (&[codec, compressor, cipher], bytes) = bytes.split_first_chunk()?;
        let (key_id, bytes) = bytes.split_first_chunk()?;
        let (schema, bytes) = bytes.split_first_chunk()?;
        let (count, bytes) = bytes.split_first_chunk()?;
        let count = usize::from(u16::from_le_bytes(*count));
        let (stamps, rest) = bytes.split_at_checked(8 * count)?;
        let (stamps, _) = stamps.as_chunks();
        let stamps = || Arc::new(stamps.iter().map(|stamp| u64::from_le_bytes(*stamp)).collect());
        let label = Self {
            codec,
            compressor,
            cipher,
            key_id: u32::from_le_bytes(*key_id),
            schema: u64::from_le_bytes(*schema),
            stamps: (count > 0).then(stamps),
        };
        Some((label, rest))
    }
}

/// What makes bytes of values. 128 and above are yours.
pub mod codec {
    /// The bytes are the value.
    pub const RAW: u8 = 0;
    /// [postcard](https://postcard.jamesmunns.com).
    pub const POSTCARD: u8 = 1;
    /// JSON, RFC 8259.
    pub const JSON: u8 = 2;
    /// [MessagePack](https://msgpack.org).
    pub const MESSAGE_PACK: u8 = 3;
}

/// What makes bytes smaller. 128 and above are yours.
pub mod compressor {
    /// Nothing did, or nothing could.
    pub const NONE: u8 = 0;
    /// Raw deflate, RFC 1951.
    pub const DEFLATE: u8 = 1;
    /// zlib, RFC 1950.
    pub const ZLIB: u8 = 2;
    /// gzip, RFC 1952.
    pub const GZIP: u8 = 3;
    /// Zstandard, RFC 8878.
    pub const ZSTD: u8 = 4;
    /// An LZ4 block.
    pub const LZ4: u8 = 5;
}

/// What seals bytes. 128 and above are yours.
pub mod cipher {
    /// Nothing did.
    pub const NONE: u8 = 0;
    /// XChaCha20-Poly1305.
    pub const XCHACHA20_POLY1305: u8 = 1;
    /// AES-256-GCM, RFC 5116.
    pub const AES_256_GCM: u8 = 2;
    /// AES-256-GCM-SIV, RFC 8452.
    pub const AES_256_GCM_SIV: u8 = 3;
}
