//! The thread that writes: out of the callers' way, into a file that gets its name when it is complete.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use super::stripes::{Batch, Stripes};
use super::window::Window;
use crate::trace::{Format, Sink};

/// How the writing goes.
#[derive(Debug, Default)]
pub(super) struct Log {
    written: AtomicU64,
    failure: Mutex<Option<Arc<io::Error>>>,
}

impl Log {
    /// How many requests were written.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// What went wrong first.
    pub(super) fn failure(&self) -> Option<Arc<io::Error>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fail(&self, error: io::Error) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(Arc::new(error));
    }
}

/// The file under way.
struct Pages {
    path: PathBuf,
    part: PathBuf,
    sink: Box<dyn Sink>,
    window: Window,
}

/// Begins the file beside `path`, and a thread that writes into it what comes through `batches`.
pub(super) fn start(
    path: &Path,
    stripes: Arc<Stripes>,
    batches: Receiver<Batch>,
    log: Arc<Log>,
) -> io::Result<JoinHandle<()>> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let part = part(path);
    let file = File::create(&part)?;
    let path = path.to_owned();
    let thread = Builder::new().name("larder-recorder".into());
    thread.spawn(move || write(&file, (path, part), &batches, &stripes, &log))
}

/// The name of the file until it is complete: that with `.part` behind.
fn part(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

fn write(
    file: &File,
    (path, part): (PathBuf, PathBuf),
    batches: &Receiver<Batch>,
    stripes: &Stripes,
    log: &Log,
) {
    let mut pages = pages(file, path, part).map_err(|error| log.fail(error)).ok();
    for batch in batches {
        match &mut pages {
            Some(open) => match open.window.add(&batch, &mut *open.sink) {
                Ok(written) => drop(log.written.fetch_add(written, Ordering::Relaxed)),
                Err(error) => {
                    log.fail(error);
                    stripes.lose(batch.len());
                    pages = None;
                }
            },
            None => stripes.lose(batch.len()),
        }
        stripes.give_back(batch);
    }
    if let Some(pages) = pages {
        pages.finish(log).unwrap_or_else(|error| log.fail(error));
    }
}

fn pages(file: &File, path: PathBuf, part: PathBuf) -> io::Result<Pages> {
    let output = Box::new(BufWriter::with_capacity(1 << 16, file.try_clone()?));
    let sink = Format::named("larder").and_then(|format| format.sink(output));
    let sink = sink.ok_or(io::ErrorKind::Unsupported)?;
    Ok(Pages { path, part, sink, window: Window::default() })
}

impl Pages {
    fn finish(mut self, log: &Log) -> io::Result<()> {
        let written = self.window.finish(&mut *self.sink)?;
        self.sink.finish()?;
        log.written.fetch_add(written, Ordering::Relaxed);
        fs::rename(&self.part, &self.path)
    }
}
