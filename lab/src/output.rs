//! Where results go: the standard output or a file, whole or not at all.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Prints `text`.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::Unread),
        Err(error) => Err(Failure::data(format!("the output can't be written: {error}"))),
    }
}

/// A file that appears when it is complete, and not before.
#[derive(Debug)]
pub(crate) struct Output {
    path: PathBuf,
    part: Option<PathBuf>,
    file: File,
}

impl Output {
    /// Begins a file, so that a path that can't be written is known before any work is done.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let fails =
            |error: io::Error| Failure::usage(format!("{}: can't be written: {error}", path.display()));
        if path.is_dir() {
            return Err(Failure::usage(format!("{}: is a directory", path.display())));
        }
        if path.exists() && !path.is_file() {
            let file = File::options().write(true).open(path).map_err(fails)?;
            return Ok(Self { path: path.to_owned(), part: None, file });
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let part = path.with_file_name(name);
        let file = File::create(&part).map_err(fails)?;
        Ok(Self { path: path.to_owned(), part: Some(part), file })
    }

    /// What to write into.
    pub(crate) const fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Writes `bytes` and completes the file.
    pub(crate) fn write(mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.file.write_all(bytes);
        self.complete(written)
    }

    /// Completes the file, if what was `written` went well.
    pub(crate) fn complete(mut self, written: io::Result<()>) -> Result<(), Failure> {
        let done = written.and_then(|()| self.file.flush()).and_then(|()| match self.part.take() {
            Some(part) => fs::rename(&part, &self.path).inspect_err(|_| drop(fs::remove_file(&part))),
            None => Ok(()),
        });
        done.map_err(|error| Failure::usage(format!("{}: can't be written: {error}", self.path.display())))
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(part) = self.part.take() {
            let _ = fs::remove_file(part);
        }
    }
}

/// A table in aligned columns: texts to the left, numbers to the right.
pub(crate) fn aligned(titles: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([titles[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..titles.len()).map(width).collect();
    let numeric = |column: usize| {
        let mut cells = rows.iter().filter_map(|row| row.get(column)).filter(|cell| !cell.is_empty());
        cells.all(|cell| cell.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-')))
    };
    let right: Vec<bool> = (0..titles.len()).map(numeric).collect();
    let mut text = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut row = String::new();
        for (column, cell) in cells.enumerate() {
            let width = widths[column];
            let _ =
                if right[column] { write!(row, "{cell:>width$}  ") } else { write!(row, "{cell:<width$}  ") };
        }
        text.push_str(row.trim_end());
        text.push('\n');
    };
    line(&mut titles.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    text
}

/// `text` as a field of a csv.
pub(crate) fn csv_field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
