//! Deflate in its three dresses: `Deflate`, `Zlib`, `Gzip`.

use std::cell::RefCell;

use flate2::{Compress, Compression, Crc, Decompress, FlushCompress, FlushDecompress, Status};
use larder_core::{Error, ErrorKind, Result, parcel::compressor};

use crate::compressed::Compressed;
use crate::compressor::{Compressor, unread};
use crate::kept;
use crate::rooms::rooms;

/// Parcels compressed to [raw deflate](https://www.rfc-editor.org/rfc/rfc1951).
pub type Deflate = Compressed<DeflateStream>;

/// Parcels compressed to [zlib](https://www.rfc-editor.org/rfc/rfc1950): deflate with a checksum.
pub type Zlib = Compressed<ZlibStream>;

/// Parcels compressed to [gzip](https://www.rfc-editor.org/rfc/rfc1952): deflate with a checksum and a length, as files
/// and HTTP have it.
pub type Gzip = Compressed<GzipMember>;

impl Deflate {
    /// Compresses at `level`, from 0 (not at all) to 9 (smallest); 6 is usual. Above 9 counts as 9.
    pub fn level(level: u32) -> Self {
        Self::by(DeflateStream(Level(level.min(9))))
    }
}

impl Zlib {
    /// Compresses at `level`, from 0 (not at all) to 9 (smallest); 6 is usual. Above 9 counts as 9.
    pub fn level(level: u32) -> Self {
        Self::by(ZlibStream(Level(level.min(9))))
    }
}

impl Gzip {
    /// Compresses at `level`, from 0 (not at all) to 9 (smallest); 6 is usual. Above 9 counts as 9.
    pub fn level(level: u32) -> Self {
        Self::by(GzipMember(Level(level.min(9))))
    }
}

/// One stream of raw deflate.
#[derive(Clone, Copy, Debug)]
pub struct DeflateStream(Level);

/// One zlib stream.
#[derive(Clone, Copy, Debug)]
pub struct ZlibStream(Level);

/// One gzip member, without name, comment or time.
#[derive(Clone, Copy, Debug)]
pub struct GzipMember(Level);

impl Compressor for DeflateStream {
    fn id(&self) -> u8 {
        compressor::DEFLATE
    }

    fn compress(&self, plain: &[u8]) -> Result<Option<Vec<u8>>> {
        self.0.deflated(plain, Form::Raw, Vec::with_capacity(room(plain)))
    }

    fn decompress(&self, packed: &[u8], most: usize) -> Result<Vec<u8>> {
        inflated(packed, Form::Raw, packed.len().saturating_mul(4), most)
    }
}

impl Compressor for ZlibStream {
    fn id(&self) -> u8 {
        compressor::ZLIB
    }

    fn compress(&self, plain: &[u8]) -> Result<Option<Vec<u8>>> {
        self.0.deflated(plain, Form::Zlib, Vec::with_capacity(room(plain)))
    }

    fn decompress(&self, packed: &[u8], most: usize) -> Result<Vec<u8>> {
        inflated(packed, Form::Zlib, packed.len().saturating_mul(4), most)
    }
}

/// A gzip member begins so: deflate, no flags, no time, nothing about level or system.
const GZIP: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

impl Compressor for GzipMember {
    fn id(&self) -> u8 {
        compressor::GZIP
    }

    fn compress(&self, plain: &[u8]) -> Result<Option<Vec<u8>>> {
        let mut packed = Vec::with_capacity(room(plain));
        if room(plain) <= GZIP.len() + 8 {
            return Ok(None);
        }
        packed.extend(GZIP);
        let Some(mut packed) = self.0.deflated(plain, Form::Raw, packed)? else { return Ok(None) };
        packed.extend(trailer(plain));
        Ok((packed.len() < plain.len()).then_some(packed))
    }

    fn decompress(&self, packed: &[u8], most: usize) -> Result<Vec<u8>> {
        let body = packed.strip_prefix(&GZIP).and_then(<[u8]>::split_last_chunk::<8>);
        let (body, [.., a, b, c, d]) = body.ok_or_else(|| unread("it has no head or no end"))?;
        let claimed = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
        let plain = inflated(body, Form::Raw, claimed, most)?;
        if packed.ends_with(&trailer(&plain)) { Ok(plain) } else { Err(unread("its checksum is wrong")) }
    }
}

/// Checksum and length of what is in a gzip member.
fn trailer(plain: &[u8]) -> [u8; 8] {
    let mut sum = Crc::new();
    sum.update(plain);
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&sum.sum().to_le_bytes());
    bytes[4..].copy_from_slice(&(plain.len() as u32).to_le_bytes());
    bytes
}

/// What is compressed must fit into this, or it is not smaller.
const fn room(plain: &[u8]) -> usize {
    plain.len().saturating_sub(1)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Raw,
    Zlib,
}

/// How hard to try: 0 to 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Level(u32);

/// A context for one level and form.
struct Press {
    level: Level,
    form: Form,
    deflate: Compress,
}

thread_local! {
    static PRESS: RefCell<Option<Press>> = const { RefCell::new(None) };
    static INFLATE: RefCell<Option<Decompress>> = const { RefCell::new(None) };
}

impl Level {
    fn press(self, form: Form) -> Press {
        let deflate = Compress::new(Compression::new(self.0), form == Form::Zlib);
        Press { level: self, form, deflate }
    }

    /// `packed` with `plain` compressed behind it, if there is room enough.
    fn deflated(self, plain: &[u8], form: Form, mut packed: Vec<u8>) -> Result<Option<Vec<u8>>> {
        let status = kept::with(
            &PRESS,
            || self.press(form),
            |press| {
                if (press.level, press.form) == (self, form) {
                    press.deflate.reset();
                } else {
                    *press = self.press(form);
                }
                press.deflate.compress_vec(plain, &mut packed, FlushCompress::Finish)
            },
        );
        match status {
            Ok(Status::StreamEnd) => {
                packed.shrink_to_fit();
                Ok(Some(packed))
            }
            Ok(Status::Ok | Status::BufError) => Ok(None),
            Err(error) => Err(Error::new(ErrorKind::Codec, "compressing a value").because(error)),
        }
    }
}

/// The stream that `packed` is, whole and nothing more; perhaps `claimed` bytes, certainly no more than `most`.
fn inflated(packed: &[u8], form: Form, claimed: usize, most: usize) -> Result<Vec<u8>> {
    let make = || Decompress::new(form == Form::Zlib);
    kept::with(&INFLATE, make, |inflate| {
        inflate.reset(form == Form::Zlib);
        let mut plain = Vec::new();
        let claimed = rooms(packed.len(), claimed.min(most)).next().unwrap_or(0);
        plain.reserve_exact(claimed);
        loop {
            let rest = packed.get(inflate.total_in() as usize..).unwrap_or_default();
            let before = plain.len();
            let status = inflate.decompress_vec(rest, &mut plain, FlushDecompress::Finish);
            if plain.len() > most {
                return Err(unread("it is over its bound"));
            }
            match status {
                Ok(Status::StreamEnd) if inflate.total_in() == packed.len() as u64 => return Ok(plain),
                Ok(Status::StreamEnd) => return Err(unread("there is more than one stream")),
                Ok(_) if plain.len() == plain.capacity() => grow(&mut plain, most),
                Ok(_) if plain.len() > before => {}
                Ok(_) => return Err(unread("it is cut short")),
                Err(_) => return Err(unread("it is damaged")),
            }
        }
    })
}

/// Twice the room, but no more than one byte over `most`: by it the bound is seen to be passed.
fn grow(plain: &mut Vec<u8>, most: usize) {
    let more = plain.capacity().max(64).min(most.saturating_sub(plain.len()).saturating_add(1));
    plain.reserve_exact(more);
}
