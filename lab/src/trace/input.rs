//! The bytes of a trace: decompressed, with a sample of the beginning, and a measure of how far one is.

use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::Problem;
use crate::ahead::Ahead;

/// How much of the beginning is looked at to tell the format.
const SAMPLE: usize = 4096;

/// So many bytes are decompressed at a time.
const BLOCK: u64 = 1 << 17;

/// How much memory a decoder may take for its window, in KiB.
const WINDOW_KIB: u32 = 256 << 10;

/// A decompressed stream.
pub(super) struct Input {
    sample: Vec<u8>,
    whole: bool,
    rest: Box<dyn Read + Send>,
    is_compressed: bool,
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
        let (mut rest, is_compressed) = decompressed(&magic, raw).map_err(Problem::Read)?;
        let sample = beginning(&mut rest, SAMPLE).map_err(Problem::Read)?;
        let whole = sample.len() < SAMPLE;
        Ok((Self { sample, whole, rest, is_compressed }, Progress { read, of: bytes }))
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

    /// All bytes, the sample's included. They are decompressed on a thread of their own.
    pub(super) fn into_reader(self) -> Box<dyn Read + Send> {
        let sample = Cursor::new(self.sample);
        if self.is_compressed && !self.whole {
            Box::new(sample.chain(Decompressed::new(self.rest)))
        } else {
            Box::new(sample.chain(self.rest))
        }
    }
}

impl Progress {
    pub(crate) fn part(&self) -> Option<f64> {
        let of = self.of.filter(|of| *of > 0)?;
        Some((self.read.load(Ordering::Relaxed) as f64 / of as f64).min(1.0))
    }
}

/// All that is in there, and whether it is compressed.
fn decompressed(
    magic: &[u8],
    raw: impl io::BufRead + Send + 'static,
) -> io::Result<(Box<dyn Read + Send>, bool)> {
    Ok(match magic {
        [0x1f, 0x8b, ..] => (Box::new(flate2::bufread::MultiGzDecoder::new(raw)), true),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => (Box::new(zstd::stream::read::Decoder::with_buffer(raw)?), true),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => {
            (Box::new(lzma_rust2::XzReader::new_mem_limit(raw, true, WINDOW_KIB)), true)
        }
        _ => (Box::new(raw), false),
    })
}

/// What a decoder says: bytes, of which the first have been read, or how it failed.
struct Decompressed {
    blocks: Ahead<io::Result<Vec<u8>>>,
    block: Vec<u8>,
    at: usize,
}

impl Decompressed {
    fn new(mut decoder: impl Read + Send + 'static) -> Self {
        let (mut ended, mut failed) = (false, None);
        let blocks = Ahead::new(move |used: Option<io::Result<Vec<u8>>>| {
            if let Some(error) = failed.take() {
                ended = true;
                return Some(Err(error));
            }
            let mut block = used.and_then(Result::ok).unwrap_or_default();
            block.clear();
            if !ended {
                failed = decoder.by_ref().take(BLOCK).read_to_end(&mut block).err();
                ended = block.is_empty() && failed.is_none();
            }
            (!ended).then_some(Ok(block))
        });
        Self { blocks, block: Vec::new(), at: 0 }
    }
}

impl Read for Decompressed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.block.len() {
            let Some(block) = self.blocks.next() else { return Ok(0) };
            let used = std::mem::replace(&mut self.block, block?);
            self.blocks.give_back(Ok(used));
            self.at = 0;
        }
        let read = (&self.block[self.at..]).read(buffer)?;
        self.at += read;
        Ok(read)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails after so many bytes.
    struct Failing(usize);

    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let read = buffer.len().min(self.0).min(1000);
            self.0 -= read;
            if read == 0 { Err(io::ErrorKind::InvalidData.into()) } else { Ok(read) }
        }
    }

    #[test]
    fn what_could_be_decompressed_comes_before_the_failure() {
        for most in [0, 5, BLOCK as usize, 3 * BLOCK as usize + 7] {
            let mut read = Vec::new();
            let failed = Decompressed::new(Failing(most)).read_to_end(&mut read).unwrap_err();
            assert_eq!((read.len(), failed.kind()), (most, io::ErrorKind::InvalidData));
        }
    }
}
