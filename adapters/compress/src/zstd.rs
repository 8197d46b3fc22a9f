//! Zstandard: `Zstd`, by level or with a dictionary.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use larder_core::{Error, ErrorKind, Result, parcel::compressor};
use zstd::zstd_safe::{self, CCtx, CDict, DCtx, get_error_name};

use crate::compressed::Compressed;
use crate::compressor::{Compressor, unread};
use crate::dictionary::Dictionary;
use crate::kept;
use crate::rooms::rooms;

/// Parcels compressed by [Zstandard](https://www.rfc-editor.org/rfc/rfc8878).
pub type Zstd = Compressed<ZstdFrame>;

impl Zstd {
    /// Compresses at `level`, from 1 (fast) to 22 (small); 3 is usual. Levels beyond count as the nearest; 0 as 3.
    pub fn level(level: i32) -> Self {
        let level = level.clamp(-7, zstd_safe::max_c_level());
        Self::by(ZstdFrame { level, dictionary: None, readable: Vec::new() })
    }

    /// Compresses at `level` with `dictionary`, for many small values that are alike.
    ///
    /// Reads what was compressed with it, with those that [`and_reads`](Self::and_reads) names, or with none. A value
    /// says which it needs; one that needs another is a miss.
    pub fn with_dictionary(level: i32, dictionary: Dictionary) -> Self {
        let level = level.clamp(-7, zstd_safe::max_c_level());
        let press = CDict::create(dictionary.bytes(), level);
        let dictionary = Some((Arc::new(press), dictionary));
        Self::by(ZstdFrame { level, dictionary, readable: Vec::new() })
    }

    /// Reads what an older `dictionary` has compressed, too: so a newer one needs no flush.
    ///
    /// Starts a codec of its own: clones made before don't.
    pub fn and_reads(self, dictionary: Dictionary) -> Self {
        self.map(|frame| {
            let mut readable = frame.readable.clone();
            readable.push(dictionary);
            ZstdFrame { readable, ..frame.clone() }
        })
    }
}

/// One Zstandard frame that says its length.
#[derive(Clone)]
pub struct ZstdFrame {
    level: i32,
    dictionary: Option<(Arc<CDict<'static>>, Dictionary)>,
    readable: Vec<Dictionary>,
}

thread_local! {
    static PRESS: RefCell<Option<CCtx<'static>>> = const { RefCell::new(None) };
    static EXPAND: RefCell<Option<DCtx<'static>>> = const { RefCell::new(None) };
}

/// A frame begins so. (What is to be skipped begins otherwise.)
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The library's number for "the output is too small", as it counts errors: from the top.
const TOO_SMALL: usize = 70_usize.wrapping_neg();

impl Compressor for ZstdFrame {
    fn id(&self) -> u8 {
        compressor::ZSTD
    }

    fn compress(&self, plain: &[u8]) -> Result<Option<Vec<u8>>> {
        let mut packed = Vec::with_capacity(zstd_safe::compress_bound(plain.len()));
        let written = kept::with(&PRESS, CCtx::create, |press| match &self.dictionary {
            None => press.compress(&mut packed, plain, self.level),
            Some((dictionary, _)) => press.compress_using_cdict(&mut packed, plain, dictionary),
        });
        written.map_err(|code| {
            Error::new(ErrorKind::Codec, "compressing a value").because(get_error_name(code))
        })?;
        packed.shrink_to_fit();
        Ok((packed.len() < plain.len()).then_some(packed))
    }

    fn decompress(&self, packed: &[u8], most: usize) -> Result<Vec<u8>> {
        let claimed = claim(packed)?;
        if claimed > most {
            return Err(unread("it is over its bound"));
        }
        let dictionary = self.needed(packed)?;
        for room in rooms(packed.len(), claimed) {
            let mut plain = Vec::with_capacity(room);
            let read = kept::with(&EXPAND, DCtx::create, |expand| match dictionary {
                None => expand.decompress(&mut plain, packed),
                Some(dictionary) => expand.decompress_using_ddict(&mut plain, packed, dictionary.expander()),
            });
            match read {
                Ok(_) if plain.len() == claimed => return Ok(plain),
                Err(TOO_SMALL) => {}
                Ok(_) | Err(_) => return Err(unread("it is damaged")),
            }
        }
        Err(unread("it is longer than it says"))
    }
}

impl ZstdFrame {
    /// The dictionary that a frame says it needs.
    fn needed(&self, packed: &[u8]) -> Result<Option<&Dictionary>> {
        let Some(id) = zstd_safe::get_dict_id_from_frame(packed) else { return Ok(None) };
        let own = self.dictionary.as_ref().map(|(_, dictionary)| dictionary);
        let mut known = own.into_iter().chain(&self.readable);
        let found = known.find(|dictionary| dictionary.id() == id.get());
        found.map(Some).ok_or_else(|| unread("it needs a dictionary that isn't here"))
    }
}

/// How long the one frame that `packed` is says it becomes.
fn claim(packed: &[u8]) -> Result<usize> {
    let whole =
        packed.starts_with(&MAGIC) && zstd_safe::find_frame_compressed_size(packed) == Ok(packed.len());
    let claimed = zstd_safe::get_frame_content_size(packed).ok().flatten();
    match claimed.and_then(|claimed| usize::try_from(claimed).ok()) {
        Some(claimed) if whole => Ok(claimed),
        _ => Err(unread("it is not one whole frame")),
    }
}

impl fmt::Debug for ZstdFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dictionary = self.dictionary.as_ref().map(|(_, dictionary)| dictionary);
        f.debug_struct("ZstdFrame")
            .field("level", &self.level)
            .field("dictionary", &dictionary)
            .field("readable", &self.readable)
            .finish()
    }
}
