//! LZ4: `Lz4`, for values that must cost next to nothing to read.

use std::cell::RefCell;

use larder_core::{Error, ErrorKind, Result, parcel::compressor};
use lz4_flex::block::{
    CompressTable, DecompressError, compress_into_with_table, decompress_into, get_maximum_output_size,
};

use crate::compressed::Compressed;
use crate::compressor::{Compressor, unread};
use crate::kept;
use crate::rooms::rooms;

/// Parcels compressed to an LZ4 block behind their length.
pub type Lz4 = Compressed<Lz4Block>;

impl Lz4 {
    /// Compresses. There are no levels.
    pub fn new() -> Self {
        Self::by(Lz4Block)
    }
}

impl Default for Lz4 {
    fn default() -> Self {
        Self::new()
    }
}

/// The length in four bytes, little-endian, and one LZ4 block.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lz4Block;

/// No byte of a block becomes more.
const MAX_RATIO: usize = 255;

thread_local! {
    static TABLE: RefCell<Option<CompressTable>> = const { RefCell::new(None) };
}

impl Compressor for Lz4Block {
    fn id(&self) -> u8 {
        compressor::LZ4
    }

    fn compress(&self, plain: &[u8]) -> Result<Option<Vec<u8>>> {
        let Ok(length) = u32::try_from(plain.len()) else { return Ok(None) };
        let mut packed = vec![0; 4 + get_maximum_output_size(plain.len())];
        packed[..4].copy_from_slice(&length.to_le_bytes());
        let written = kept::with(&TABLE, CompressTable::default, |table| {
            compress_into_with_table(plain, &mut packed[4..], table)
        });
        let written =
            written.map_err(|error| Error::new(ErrorKind::Codec, "compressing a value").because(error))?;
        packed.truncate(4 + written);
        packed.shrink_to_fit();
        Ok((packed.len() < plain.len()).then_some(packed))
    }

    fn decompress(&self, packed: &[u8], most: usize) -> Result<Vec<u8>> {
        let (length, block) = packed.split_first_chunk().ok_or_else(|| unread("it is cut short"))?;
        let claimed = u32::from_le_bytes(*length) as usize;
        if claimed > most || claimed > block.len().saturating_mul(MAX_RATIO) {
            return Err(unread("it is over its bound"));
        }
        for room in rooms(block.len(), claimed) {
            let mut plain = vec![0; room];
            match decompress_into(block, &mut plain) {
                Ok(written) if written == claimed => return Ok(plain),
                Err(DecompressError::OutputTooSmall { .. }) => {}
                Ok(_) | Err(_) => return Err(unread("it is damaged")),
            }
        }
        Err(unread("it is longer than it says"))
    }
}
