//! A journal in files, so that a write that was acknowledged outlives the process, however it ends: [`FileJournal`].

mod answer;
mod disk;
#[cfg(test)]
mod faulty;
mod frame;
mod header;
mod journal;
mod log;
mod options;
mod queue;
mod refused;
mod replay;
mod scan;
#[cfg(test)]
mod tests;
mod thread;

pub use journal::FileJournal;
pub use options::{Fsync, Options};
pub use refused::Refused;
