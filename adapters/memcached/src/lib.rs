//! memcached as a store: its own numbers of items are the leases, so no process installs what another has overwritten.
//!
//! ```no_run
//! use larder_core::{Entry, Raw, Store, StoreExt};
//! use larder_memcached::Memcached;
//!
//! # async fn run() -> larder_core::Result<()> {
//! let names = Memcached::connect("127.0.0.1:11211").await?
//!     .encode(Raw)
//!     .keyed(|id: &u64| format!("user:{id}"));
//! names.insert(7, Entry::new(b"Ann".to_vec())).await?;
//! assert_eq!(names.value(&7).await?, Some(b"Ann".to_vec()));
//! # Ok(())
//! # }
//! ```
//!
//! | | |
//! |---|---|
//! | [`Memcached`] | a namespace on a server |
//! | [`MemcachedOptions`] | namespace, lives, bounds, and how to connect |
//!
//! # How it is kept
//!
//! The server numbers each change of an item (its "cas"). A miss leaves a stub behind, and its number is the lease; a
//! lease on an item that is there is the number of that. A fill is a write on condition of the number, so a write or a
//! removal in between makes it void. Writes of the application are made on such a condition, too, and again if it fails:
//! so one that a broken connection delivers late can't undo a later one.
//!
//! Each value carries the epoch of its namespace, an item of its own. `clear` ends the epoch, in one step however many
//! entries there are, and touches nothing else. Every write and every fill looks at the epoch after it is done.
//!
//! # Runtime
//!
//! Connections are tasks of tokio: futures of this crate must be polled inside a tokio runtime with its timer and I/O. The
//! server must know the meta commands: 1.6 does.

#![forbid(unsafe_code)]

mod batch;
mod counts;
mod link;
mod names;
mod options;
mod record;
mod reply;
mod server;
mod store;
mod wire;

pub use options::MemcachedOptions;
pub use store::Memcached;
