//! Recorded requests, streamed from a file: [`open`].
//!
//! ```
//! use larder_lab::trace;
//!
//! let trace = trace::read(std::io::Cursor::new("3 2 0 0\n7 1 0 1\n"), "tiny.lis")?;
//! assert_eq!(trace.format().name, "arc");
//! let keys: Result<Vec<u64>, _> = trace.map(|request| request.map(|request| request.key)).collect();
//! assert_eq!(keys?, [3, 4, 7]);
//! # Ok::<(), trace::Error>(())
//! ```
//!
//! Compression (gz, zst, xz) is told by the first bytes. The format is told by the content where it tells, and else by
//! the name; [`open_as`] is for those who know better. [`FORMATS`] lists them:
//!
//! | name | text or bytes | one request |
//! |---|---|---|
//! | `arc` | text | `START COUNT IGNORED SEQ`: stands for COUNT requests, START, START+1, ... |
//! | `lirs` | text | one decimal number a line; `*` and blank lines are no requests |
//! | `address` | text | `OP 0xADDRESS COUNT`; the key is the address |
//! | `address-penalties` | text | the same with a hit and a miss penalty |
//! | `adapt-size` | text | `SEQ KEY SIZE` |
//! | `oracle-general` | bytes, little endian | `u32` seconds, `u64` key, `u32` size, `i64` next request of the key |
//! | `vscsi` | bytes, little endian | version 1: 32 bytes with length, block and microseconds |
//! | `cache2k` | bytes, big endian | `u32` key |
//! | `cloud-physics` | bytes, big endian | `u32` key |
//! | `corda` | bytes, big endian | `u64` key |
//! | `scarab` | bytes, big endian | `u64` key |
//! | `twitter` | text | `TIME,KEY,KEY-SIZE,VALUE-SIZE,CLIENT,OP,TTL`: the production traces of Twitter's caches |
//! | `csv` | text | commas between columns; [`Columns`] says which are what |
//! | `larder` | bytes | the project's own, compressed and checksummed: times, sizes, TTLs and load costs |
//! | `keys` | text | one key a line: a decimal number is the key, anything else is hashed |
//!
//! # When something fails
//!
//! The trace ends with an [`Error`] that names the file, the line or record, and what is wrong in one line. Nothing is
//! read into memory as a whole: a line may have 64 KiB, and one line of an ARC trace may stand for 2^24 requests.

mod blocks;
mod columns;
mod digits;
mod error;
mod formats;
mod input;
mod lines;
mod records;
mod request;
mod sample;
mod sink;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

pub use columns::{Columns, NoColumns};
pub use error::{Error, Place, Problem};
pub use formats::{FORMATS, Format};
pub use request::Request;
pub use sink::{Output, Sink};

use error::Fault;
use input::Input;
pub(crate) use input::Progress;
use request::{AT_ONCE, Requests};
use sample::Sample;

/// The requests of a trace, one after the other. It ends after the last one, or after the first error.
pub struct Trace {
    name: String,
    format: &'static Format,
    requests: Requests,
    /// Requests that were read, of which those from here on have not been asked for yet.
    block: Vec<Request>,
    at: usize,
    /// What ended the trace after them.
    fault: Option<Fault>,
    progress: Progress,
    state: State,
}

#[derive(PartialEq)]
enum State {
    Begun,
    Running,
    Ended,
}

/// Opens the trace at `path`; compression and format are detected.
pub fn open(path: impl AsRef<Path>) -> Result<Trace, Error> {
    let path = path.as_ref();
    let (file, bytes) = open_file(path)?;
    Trace::new(file, &path.display().to_string(), bytes, None, &Columns::default())
}

/// Opens the trace at `path`, of a known format or a detected one, whose columns are known if it has any.
pub fn open_with(
    path: impl AsRef<Path>,
    format: Option<&'static Format>,
    columns: &Columns,
) -> Result<Trace, Error> {
    let path = path.as_ref();
    let (file, bytes) = open_file(path)?;
    Trace::new(file, &path.display().to_string(), bytes, format, columns)
}

/// Opens the trace at `path`, whose format is known; compression is detected.
pub fn open_as(path: impl AsRef<Path>, format: &'static Format) -> Result<Trace, Error> {
    let path = path.as_ref();
    let (file, bytes) = open_file(path)?;
    Trace::new(file, &path.display().to_string(), bytes, Some(format), &Columns::default())
}

/// Reads a trace from anywhere; errors call it `name`, and the name helps to tell the format.
pub fn read(input: impl Read + Send + 'static, name: &str) -> Result<Trace, Error> {
    Trace::new(input, name, None, None, &Columns::default())
}

/// Reads a trace from anywhere, of a known format or a detected one, whose columns are known if it has any.
pub fn read_with(
    input: impl Read + Send + 'static,
    name: &str,
    format: Option<&'static Format>,
    columns: &Columns,
) -> Result<Trace, Error> {
    Trace::new(input, name, None, format, columns)
}

/// Reads a trace of a known format from anywhere; errors call it `name`.
pub fn read_as(
    input: impl Read + Send + 'static,
    name: &str,
    format: &'static Format,
) -> Result<Trace, Error> {
    Trace::new(input, name, None, Some(format), &Columns::default())
}

fn open_file(path: &Path) -> Result<(File, Option<u64>), Error> {
    let error = |problem| Error::new(path.display().to_string(), Fault::from(problem));
    let file = File::open(path).map_err(|cause| error(Problem::Open(cause)))?;
    let about = file.metadata().map_err(|cause| error(Problem::Open(cause)))?;
    if about.is_dir() {
        return Err(error(Problem::Directory));
    }
    Ok((file, about.is_file().then_some(about.len())))
}

impl Trace {
    fn new(
        input: impl Read + Send + 'static,
        name: &str,
        bytes: Option<u64>,
        format: Option<&'static Format>,
        columns: &Columns,
    ) -> Result<Self, Error> {
        let error = |problem| Error::new(name.to_owned(), Fault::from(problem));
        let (input, progress) = Input::new(input, bytes).map_err(error)?;
        if input.sample().is_empty() {
            return Err(error(Problem::Empty));
        }
        let sample = Sample::new(input.sample(), input.is_whole(), name);
        let detected = || FORMATS.iter().find(|format| (format.fits)(&sample));
        let format = format.or_else(detected).ok_or_else(|| error(Problem::Unknown))?;
        let requests = (format.open)(input, columns);
        let (name, block) = (name.to_owned(), Vec::with_capacity(AT_ONCE));
        Ok(Self { name, format, requests, block, at: 0, fault: None, progress, state: State::Begun })
    }

    /// The format it is read as.
    pub const fn format(&self) -> &'static Format {
        self.format
    }

    /// An error of this trace.
    pub(crate) fn error(&self, problem: Problem) -> Error {
        Error::new(self.name.clone(), Fault::from(problem))
    }

    /// The next requests, `most` of them at most; none at the end.
    pub(crate) fn next_block(&mut self, most: usize) -> Result<&[Request], Error> {
        if self.at == self.block.len() {
            self.read()?;
        }
        let from = self.at;
        self.at = self.block.len().min(from + most);
        Ok(&self.block[from..self.at])
    }

    /// What [`progress`](Self::progress) is told by.
    pub(crate) fn meter(&self) -> Progress {
        self.progress.clone()
    }

    /// Reads on. There is nothing more at the end, and after a fault.
    fn read(&mut self) -> Result<(), Error> {
        self.block.clear();
        self.at = 0;
        if self.fault.is_none() && self.state != State::Ended {
            self.fault = self.requests.read(&mut self.block).err();
        }
        if !self.block.is_empty() {
            self.state = State::Running;
            return Ok(());
        }
        let nothing = (self.state == State::Begun).then(|| Fault::from(Problem::Empty));
        self.state = State::Ended;
        let fault = self.fault.take().or(nothing);
        fault.map_or(Ok(()), |fault| Err(Error::new(self.name.clone(), fault)))
    }

    /// Which part of the file has been read, from 0 to 1; `None` where nobody knows how long it is.
    pub fn progress(&self) -> Option<f64> {
        self.progress.part()
    }
}

impl Iterator for Trace {
    type Item = Result<Request, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at == self.block.len()
            && let Err(error) = self.read()
        {
            return Some(Err(error));
        }
        let request = *self.block.get(self.at)?;
        self.at += 1;
        Some(Ok(request))
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace")
            .field("name", &self.name)
            .field("format", &self.format.name)
            .finish_non_exhaustive()
    }
}
