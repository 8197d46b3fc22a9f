//! The bytes of a trace: decompressed, with a sample of the beginning, and a measure of how far one is.

use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::Problem;

/// How much of the beginning is looked at to tell the format.
const SAMPLE: usize = 4096;

/// How much memory a decoder may take for its window, in KiB.
const WINDOW_KIB: u32 = 256 << 10;

/// A decompressed stream.
pub(super) struct Input {
    sample: Vec<u8>,
    whole: bool,
    rest: Box<dyn Read + Send>,
}

/// How many of how many bytes have been read from the file.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    read: Arc<AtomicU64>,
    of: Option<u64>,
}

impl Input {
    /// Decompresses what it recognises as compressed, and takes a sample.
    pub(super) fn new(
        input: impl Read + Send + 'static,
        bytes: Option<u64>,
    ) -> Result<(Self, Progress), Problem> {
        let read = Arc::new(AtomicU64::new(0));
        let mut input = Counting { inner: input, read: Arc::clone(&read) };
        let magic = beginning(&mut input, 6).map_err(Problem::Read)?;
        let raw = io::BufReader::with_capacity(1 << 16, Cursor::new(magic.clone()).chain(input));
        let mut rest = decompressed(&magic, raw).map_err(Problem::Read)?;
        let sample = beginning(&mut rest, SAMPLE).map_err(Problem::Read)?;
        let whole = sample.len() < SAMPLE;
        Ok((Self { sample, whole, rest }, Progress { read, of: bytes }))
    }

    /// The first bytes.
    pub(super) fn sample(&self) -> &[u8] {
        &self.sample
    }

    /// Whether the sample is text: no control characters but blanks and line ends.
    pub(super) fn is_text(&self) -> bool {
        self.sample.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..))
    }

    /// Whether the sample is all there is.
    pub(super) const fn is_whole(&self) -> bool {
        self.whole
    }

    /// All bytes, the sample's included.
    pub(super) fn into_reader(self) -> impl Read + Send {
        Cursor::new(self.sample).chain(self.rest)
    }
}

impl Progress {
    pub(crate) fn part(&self) -> Option<f64> {
        let of = self.of.filter(|of| *of > 0)?;
        Some((self.read.load(Ordering::Relaxed) as f64 / of as f64).min(1.0))
    }
}

fn decompressed(magic: &[u8], raw: impl io::BufRead + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    Ok(match magic {
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(raw)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(zstd::stream::read::Decoder::with_buffer(raw)?),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => {
            Box::new(lzma_rust2::XzReader::new_mem_limit(raw, true, WINDOW_KIB))
        }
        _ => Box::new(raw),
    })
}

/// The first `most` bytes, or all there are.
fn beginning(input: &mut impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(most);
    input.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Counts the bytes that pass.
struct Counting<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
