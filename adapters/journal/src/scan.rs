//! All that is whole in a segment, in order, and how much is not: `Scan`.

use std::io;

use crate::disk::DiskFile;
use crate::frame::{HEAD, Head};

/// Memory grows by this much at a time, and only as the file turns out to have it.
const CHUNK: usize = 64 * 1024;

/// Reads the frames of a segment one after the other. What is not whole it counts, and goes on behind it.
pub(crate) struct Scan<'a, F> {
    window: Window<'a, F>,
    salt: u64,
    offset: u64,
    pub(crate) damaged: u64,
}

impl<'a, F: DiskFile> Scan<'a, F> {
    pub(crate) fn new(file: &'a mut F, salt: u64, offset: u64) -> Self {
        Self { window: Window { file, bytes: Vec::new(), start: 0, end: offset }, salt, offset, damaged: 0 }
    }

    /// The next whole frame: where it begins, its head and its payload.
    pub(crate) fn next(&mut self) -> io::Result<Option<(u64, Head, &[u8])>> {
        loop {
            let offset = self.offset;
            let bytes = self.window.from(offset, HEAD)?;
            if bytes.is_empty() {
                return Ok(None);
            }
            let Some(head) = Head::read(bytes, self.salt, offset) else {
                self.damaged += 1;
                self.offset = self.next_head(offset + 1)?;
                continue;
            };
            let length = head.frame_length();
            self.offset = offset + length as u64;
            if head.payload(self.window.from(offset, length)?).is_none() {
                self.damaged += 1;
                continue;
            }
            // Once more, because the borrow checker doesn't let a loop return what it looked at.
            let frame = self.window.from(offset, length)?;
            return Ok(Some((
                offset,
                head,
                frame.get(HEAD..HEAD + head.length as usize).unwrap_or_default(),
            )));
        }
    }

    /// Where the file ends, once there is no next frame.
    pub(crate) fn end(&self) -> u64 {
        self.window.end
    }

    /// Where the next whole head begins, at `offset` or later, or where the file ends.
    fn next_head(&mut self, mut offset: u64) -> io::Result<u64> {
        let marker = self.salt.to_le_bytes();
        loop {
            let bytes = self.window.from(offset, HEAD)?;
            if bytes.len() < HEAD {
                return Ok(offset + bytes.len() as u64);
            }
            match bytes.windows(marker.len()).position(|bytes| bytes == marker) {
                None => offset += (bytes.len() - marker.len() + 1) as u64,
                Some(place) => {
                    offset += place as u64;
                    if Head::read(self.window.from(offset, HEAD)?, self.salt, offset).is_some() {
                        return Ok(offset);
                    }
                    offset += 1;
                }
            }
        }
    }
}

/// A part of a file, moving forward.
struct Window<'a, F> {
    file: &'a mut F,
    bytes: Vec<u8>,
    /// Where in `bytes` the part begins that is still needed.
    start: usize,
    /// Where in the file `bytes` ends.
    end: u64,
}

impl<F: DiskFile> Window<'_, F> {
    /// The bytes from `offset` on: at least `length`, unless the file ends first. `offset` never goes back.
    fn from(&mut self, offset: u64, length: usize) -> io::Result<&[u8]> {
        let first = self.end - self.bytes.len() as u64;
        self.start =
            usize::try_from(offset.saturating_sub(first)).unwrap_or(usize::MAX).min(self.bytes.len());
        if self.bytes.len() - self.start < length {
            self.bytes.drain(..self.start);
            self.start = 0;
            self.end = self.end.max(offset);
        }
        while self.bytes.len() - self.start < length {
            let had = self.bytes.len();
            self.bytes.resize(had + CHUNK, 0);
            let more = self.file.read_at(self.end, &mut self.bytes[had..])?;
            self.bytes.truncate(had + more);
            self.end += more as u64;
            if more == 0 {
                break;
            }
        }
        Ok(&self.bytes[self.start..])
    }
}
