//! A store in a folder: [`Disk`], bounded in bytes, with any eviction policy, warm after a restart.
//!
//! ```
//! use larder_core::{Label, Parcel, StoreExt};
//! use larder_disk::DiskOptions;
//! use larder_policies::S3Fifo;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> larder_core::Result<()> {
//! # let temporary = tempfile::tempdir().unwrap();
//! # let folder = temporary.path().join("cache");
//! let pages = DiskOptions::new(&folder, 64 << 20).open(S3Fifo::new).await?;
//! pages.put(b"/index".to_vec(), Parcel::new(Label::default(), *b"<html>")).await?;
//! drop(pages);
//!
//! let pages = DiskOptions::new(&folder, 64 << 20).open(S3Fifo::new).await?;
//! assert_eq!(pages.value(&b"/index".to_vec()).await?.unwrap().payload(), b"<html>");
//! # Ok(())
//! # }
//! ```
//!
//! Values are [`Parcel`](larder_core::Parcel)s, so that codecs make them of anything, make them small and seal them:
//! `disk.encode(Zstd::level(3)).encode(Json::<User>::new())`.
//!
//! # How it works
//!
//! The index is a memory store: for each key a place, a life and the policy's state, about 150 bytes and the key. So
//! leases, lives, bounds and eviction are those of [`Memory`](larder_core::Memory). The rows are in an embedded engine, and
//! each key's operations are done in their order by one of a few threads, so that no disk is waited for on a thread of
//! your runtime; any runtime will do.
//!
//! # What survives what
//!
//! | | |
//! |---|---|
//! | the program ends, or is killed at any moment | all that was acknowledged: what was written is there, what was removed is not |
//! | the machine loses power | nothing, unless the store was [closed](larder_core::Store::close): the last removals may not have reached the disk, so the next start is an empty one |
//! | the disk is full, or fails | the store starts over, empty, which also makes room; the write that failed says so |
//! | a row is damaged | that row is a miss, and counted |

#![forbid(unsafe_code)]

mod disk;
mod engine;
mod inner;
mod options;
mod rows;
mod store;
mod trust;
mod workers;

pub use disk::{Disk, DiskStats};
pub use options::DiskOptions;
