//! Redis and Valkey as a store: a miss hands out a lease that the *server* checks when it is filled, so that no process
//! installs what another has overwritten.
//!
//! ```no_run
//! use larder_core::{Entry, Raw, Store, StoreExt};
//! use larder_redis::Redis;
//!
//! # async fn run() -> larder_core::Result<()> {
//! let names = Redis::connect("redis://127.0.0.1").await?
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
//! | [`Redis`] | a namespace on a server, a cluster, or what sentinels watch |
//! | [`RedisOptions`] | namespace, lives, bounds, and the ways to connect |
//!
//! # How it is kept
//!
//! A key is one Redis string: a head, and the value's envelope. The head has a token that no other write shares; a lease
//! is the token of what was there when it was taken, or of a stub where there was nothing. A fill names the token, and a
//! script on the server writes only if it is still there; a write puts another one in its place, a removal none. So all
//! who miss a key together hold one lease, and the first to fill uses it up.
//!
//! The head has the epoch of its namespace, too. `clear` ends the epoch, in one step however many entries there are, and
//! nothing else on the server is touched. An epoch names the run of the server it began in, so a server that comes back
//! from an old snapshot, and a replica that takes over, begin empty (unless
//! [`warm_restarts`](RedisOptions::warm_restarts) says otherwise).
//!
//! Lives are counted by the server's clock: it stamps each record, and each read asks it for the time. Two clients never
//! compare their clocks.
//!
//! # Runtime
//!
//! Connections are tasks of tokio: futures of this crate must be polled inside a tokio runtime with its timer and I/O.

#![forbid(unsafe_code)]

mod desk;
mod failure;
mod guard;
mod link;
mod names;
mod options;
mod portions;
mod record;
mod script;
mod server;
mod store;
mod way;

pub use options::RedisOptions;
pub use store::Redis;
