//! A trace that is written: in the format and the compression that its name tells.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use larder_lab::trace::{FORMATS, Format, Output as Stream, Request, Sink};

use crate::arguments::nearest;
use crate::failure::Failure;
use crate::output::Output;

const LEVEL: i32 = 3;

/// A trace that appears when it is complete.
pub(crate) struct Target {
    sink: Box<dyn Sink>,
    /// `None` where it goes to the standard output.
    file: Option<Output>,
}

/// The format to write: the one of this name, or the one that the output's name tells, or else keys.
pub(crate) fn target_format(name: Option<&str>, output: &Path) -> Result<&'static Format, Failure> {
    let writable = || FORMATS.iter().filter(|format| format.is_writable());
    if let Some(name) = name {
        let unknown = || {
            let names = writable().map(|format| format.name);
            Failure::usage(format!(
                "no format that can be written is called '{name}'{}",
                nearest(name, names)
            ))
        };
        return writable().find(|format| format.name == name).ok_or_else(unknown);
    }
    let text = output.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let told = match text.trim_end_matches(".gz").trim_end_matches(".zst").rsplit('.').next() {
        Some("csv") => "csv",
        Some("larder") => "larder",
        _ if text.contains("oraclegeneral") => "oracle-general",
        _ => "keys",
    };
    writable().find(|format| format.name == told).ok_or_else(|| Failure::usage("nothing can be written"))
}

impl Target {
    pub(crate) fn create(path: &Path, format: &'static Format) -> Result<Self, Failure> {
        let (stream, file): (Stream, _) = if path == Path::new("-") {
            (Box::new(BufWriter::new(io::stdout())), None)
        } else {
            let mut output = Output::create(path)?;
            let file = output.file().try_clone().map_err(|error| unwritten(path, &error))?;
            (compressed(path, file).map_err(|error| unwritten(path, &error))?, Some(output))
        };
        let sink = format.sink(stream).ok_or_else(|| Failure::usage("the format can't be written"))?;
        Ok(Self { sink, file })
    }

    pub(crate) fn write(&mut self, request: &Request) -> Result<(), Failure> {
        self.sink.write(request).map_err(|error| failed(&error))
    }

    pub(crate) fn finish(self) -> Result<(), Failure> {
        let written = self.sink.finish();
        match self.file {
            Some(file) => file.complete(written),
            None => written.map_err(|error| failed(&error)),
        }
    }
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("{}: can't be written: {error}", path.display()))
}

fn failed(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Failure::Unread;
    }
    Failure::data(format!("the output can't be written: {error}"))
}

fn compressed(path: &Path, file: File) -> io::Result<Stream> {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    Ok(match extension.to_str() {
        Some("gz") => Box::new(Gz(Some(flate2::write::GzEncoder::new(file, flate2::Compression::default())))),
        Some("zst") => Box::new(Zst(Some(zstd::stream::write::Encoder::new(BufWriter::new(file), LEVEL)?))),
        _ => Box::new(BufWriter::with_capacity(1 << 16, file)),
    })
}

/// A flush is the end: sinks flush once, when all is written.
struct Gz(Option<flate2::write::GzEncoder<File>>);

impl Write for Gz {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.as_mut().map_or(Err(io::ErrorKind::BrokenPipe.into()), |encoder| encoder.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.take().map_or(Ok(()), |encoder| encoder.finish().map(drop))
    }
}

/// As [`Gz`].
struct Zst(Option<zstd::stream::write::Encoder<'static, BufWriter<File>>>);

impl Write for Zst {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.as_mut().map_or(Err(io::ErrorKind::BrokenPipe.into()), |encoder| encoder.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.take().map_or(Ok(()), |encoder| encoder.finish()?.flush())
    }
}
