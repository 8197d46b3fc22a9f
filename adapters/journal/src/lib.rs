//! A journal in files, so that a write that was acknowledged outlives the process, however it ends: [`FileJournal`], the
//! [`Journal`](larder_core::Journal) of a durable write-behind queue.
//!
//! ```
//! use larder_core::{Journal, Record, Result};
//! use larder_journal::FileJournal;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! # let temporary = tempfile::tempdir().unwrap();
//! # let folder = temporary.path();
//! let journal = FileJournal::open(folder).await?;
//! let write = |sequence, bytes: &str| Record { sequence, bytes: bytes.into() };
//! journal.append(vec![write(1, "ann"), write(2, "bob")]).await?; // on the disk now
//! journal.settle(vec![1]).await?; // the origin has it
//! journal.close().await?;
//!
//! let journal = FileJournal::open(folder).await?;
//! assert_eq!(journal.recover().await?.records, [write(2, "bob")]);
//! # Ok(())
//! # }
//! ```
//!
//! | | |
//! |---|---|
//! | [`FileJournal`] | a journal in a folder of its own |
//! | [`Options`], [`Fsync`] | what an append waits for, and how long the files are |
//! | [`Refused`] | why a journal is not opened |
//!
//! A thread of its own does the work, so no runtime is needed, and none is blocked. Futures that are dropped midway leave
//! their call to be done.
//!
//! # How it lies on the disk
//!
//! Segments follow each other; each is a file to which frames are appended. A frame is one record, or a list of what is
//! settled, between checksums that are bound to its place. A segment is deleted once all in it, and in those before it,
//! is settled; if little is left in old ones, that is copied to the newest.
//!
//! # When something fails
//!
//! - A byte is flipped, or a stretch zeroed: what it was in is not returned, and counted in
//!   [`Recovered::damaged`](larder_core::Recovered::damaged) (once for each frame, or for each stretch of which no frame
//!   can be told); every other record is. If it was a settlement, what it settled is settled all the same by the next
//!   one, which repeats it; if there is none, it comes back.
//! - A file is cut: the same for what lay behind the cut. The end of the newest file may be missing so exactly that it
//!   looks like an earlier moment; nothing can tell that.
//! - A file is missing from the middle: counted as one damage.
//! - The power fails: with [`Fsync::Each`] and [`Fsync::Group`], all that was acknowledged is there, and of what was not
//!   any part; with [`Fsync::Never`], the last of either may be missing.
//! - The disk is full, or fails to write: the append or settlement is an error of the kind
//!   [`Store`](larder_core::ErrorKind::Store); of those waiting for the same `fsync`, all. Later ones work as soon as the
//!   disk does. After a failed `fsync` the file is never written to again.
//!   If then the process ends, and later the power fails, what the next process read may not have been on the disk:
//!   a settlement may be lost, and what no append acknowledged.
//! - It is open already, here or elsewhere; a file is another program's, or has another version's format: not opened,
//!   [`Refused`].
//! - A file can't be read: not opened, an error of the kind [`Store`](larder_core::ErrorKind::Store). A folder that can't
//!   be made or locked: [`Invalid`](larder_core::ErrorKind::Invalid).
//! - Old files can't be deleted or copied: tried again with each new file, and with settlements. Nothing is lost by it.

#![forbid(unsafe_code)]

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
