//! The project's own format: small, streamed, and sure to notice a flipped bit.
//!
//! `larder` and a version byte, then blocks of up to 65,536 requests. A block begins with the number of its requests,
//! the length of its content and the CRC-32 of both and the content, each 4 bytes, little endian; the content is
//! compressed by zstd. A block of no requests, whose content is the number of all requests (8 bytes), ends the file.

use std::io::{self, BufReader, Read, Write};

use flate2::Crc;

use super::format::Format;
use crate::trace::blocks::{self, BLOCK};
use crate::trace::error::{Fault, Place, Problem};
use crate::trace::request::{AT_ONCE, Request, Source};
use crate::trace::sink::{Output, Sink};

const MAGIC: &[u8; 6] = b"larder";
const VERSION: u8 = 1;
const LEVEL: i32 = 3;

pub(super) const FORMAT: Format = Format {
    name: "larder",
    about: "compressed and checksummed blocks: keys, sizes, times, TTLs, costs",
    fits: |sample| sample.begins_with(MAGIC),
    open: |input, _| Box::new(Reader::new(input.into_reader())),
    sink: Some(|output| Box::new(Writer { output, waiting: Vec::new(), written: 0, begun: false })),
};

struct Reader<R> {
    input: BufReader<R>,
    block: std::vec::IntoIter<Request>,
    number: u64,
    requests: u64,
    ended: bool,
}

impl<R: Read> Reader<R> {
    fn new(input: R) -> Self {
        let input = BufReader::with_capacity(1 << 16, input);
        Self { input, block: Vec::new().into_iter(), number: 0, requests: 0, ended: false }
    }

    /// The next block; an empty one is the last.
    fn read_block(&mut self) -> Result<Vec<Request>, Fault> {
        if self.number == 0 {
            self.read_header()?;
        }
        self.number += 1;
        let place = Place::Block(self.number);
        let [count, length, checksum] = self.numbers().map_err(|problem| problem.at(place))?;
        let content = self.content(count, length, checksum).map_err(|problem| problem.at(place))?;
        if count == 0 {
            let all = content.try_into().map(u64::from_le_bytes);
            return if all == Ok(self.requests) { Ok(Vec::new()) } else { Err(Problem::Damaged.at(place)) };
        }
        self.requests += u64::from(count);
        blocks::decoded(&content, count as usize).ok_or(Problem::Damaged.at(place))
    }

    fn read_header(&mut self) -> Result<(), Fault> {
        let mut header = [0; 7];
        self.input.read_exact(&mut header).map_err(ended)?;
        match header {
            [magic @ .., VERSION] if magic == *MAGIC => Ok(()),
            [magic @ .., version] if magic == *MAGIC => Err(Problem::Version(version).into()),
            _ => Err(Problem::Expected("a file that begins with \"larder\"").into()),
        }
    }

    fn numbers(&mut self) -> Result<[u32; 3], Problem> {
        let mut bytes = [0; 12];
        self.input.read_exact(&mut bytes).map_err(ended)?;
        let (numbers, _) = bytes.as_chunks::<4>();
        Ok([0, 1, 2].map(|at| numbers.get(at).copied().map_or(0, u32::from_le_bytes)))
    }

    fn content(&mut self, count: u32, length: u32, checksum: u32) -> Result<Vec<u8>, Problem> {
        if count as usize > BLOCK || length as usize > blocks::MOST_BYTES {
            return Err(Problem::Damaged);
        }
        let mut content = Vec::new();
        let read = self.input.by_ref().take(length.into()).read_to_end(&mut content).map_err(ended)?;
        if read < length as usize {
            return Err(Problem::CutOff);
        }
        if checksum_of(count, &content) == checksum { Ok(content) } else { Err(Problem::Damaged) }
    }
}

impl<R: Read + Send> Source for Reader<R> {
    fn read(&mut self, block: &mut Vec<Request>) -> Result<(), Fault> {
        if self.block.as_slice().is_empty() && !self.ended {
            let read = self.read_block();
            self.ended = read.as_ref().map_or(true, Vec::is_empty);
            self.block = read?.into_iter();
        }
        block.extend(self.block.by_ref().take(AT_ONCE));
        Ok(())
    }
}

fn ended(error: io::Error) -> Problem {
    if error.kind() == io::ErrorKind::UnexpectedEof { Problem::CutOff } else { Problem::Read(error) }
}

fn checksum_of(count: u32, content: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(&count.to_le_bytes());
    crc.update(&(content.len() as u32).to_le_bytes());
    crc.update(content);
    crc.sum()
}

struct Writer {
    output: Output,
    waiting: Vec<Request>,
    written: u64,
    begun: bool,
}

impl Writer {
    fn begin(&mut self) -> io::Result<()> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        self.output.write_all(MAGIC)?;
        self.output.write_all(&[VERSION])
    }

    fn write_block(&mut self) -> io::Result<()> {
        self.begin()?;
        let content = blocks::encoded(&self.waiting, LEVEL)?;
        let count = self.waiting.len() as u32;
        self.written += u64::from(count);
        self.waiting.clear();
        self.put(count, &content)
    }

    fn put(&mut self, count: u32, content: &[u8]) -> io::Result<()> {
        let numbers = [count, content.len() as u32, checksum_of(count, content)];
        numbers.into_iter().try_for_each(|number| self.output.write_all(&number.to_le_bytes()))?;
        self.output.write_all(content)
    }
}

impl Sink for Writer {
    fn write(&mut self, request: &Request) -> io::Result<()> {
        self.waiting.push(*request);
        if self.waiting.len() == BLOCK { self.write_block() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.begin()?;
        if !self.waiting.is_empty() {
            self.write_block()?;
        }
        let all = self.written.to_le_bytes();
        self.put(0, &all)?;
        self.output.flush()
    }
}
