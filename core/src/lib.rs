//! A store keeps entries by key; everything else is a store around a store; a miss hands out a lease, and only a
//! lease can fill.
//!
//! This crate is the contract, and the memory engine that fulfils it:
//!
//! | | |
//! |---|---|
//! | [`Store`], [`Lookup`], [`Lease`], [`Entry`] | what a cache is |
//! | [`StoreExt`], [`DynStore`], [`Encoded`], [`Keyed`] | what every store can do |
//! | [`Memory`], [`MemoryOptions`] | the store in memory |
//! | [`Plain`], [`Leased`] | any other map or cache as a store |
//! | [`Loader`], [`Writer`] | the source of truth behind it |
//! | [`Journal`] | what a queue of writes must not lose |
//! | [`Codec`], [`Then`] | values in another form |
//! | [`Parcel`], [`Envelope`] | values that leave the process |
//! | [`EvictionPolicy`] | who leaves when room is needed |
//! | [`Env`], [`Clock`], [`Manual`] | time, tasks and randomness, real or turned by hand |
//! | [`Stats`], [`Window`], [`Cause`] | what it has done, and at what rate |
//! | [`Error`] | the one error |

mod codec;
mod dynamic;
mod entry;
mod env;
mod error;
mod ext;
mod journal;
mod keyed;
mod lease;
mod leased;
mod memory;
mod origin;
pub mod parcel;
mod plain;
mod policy;
mod report;
mod shared;
mod stats;
mod store;
mod sync;
mod time;

pub use codec::{Codec, Context, Encoded, Then};
pub use dynamic::{BoxFuture, DynStore};
pub use entry::{Entry, Life, Lifetimes};
pub use env::{Clock, Env, Manual, Random, Spawner, Ticker};
pub use error::{Error, ErrorKind, Result};
pub use ext::StoreExt;
pub use journal::{Journal, Record, Recovered};
pub use keyed::Keyed;
pub use lease::{Filled, Lease};
pub use leased::Leased;
pub use memory::{Memory, MemoryOptions};
pub use origin::{Change, Loaded, Loader, Writer};
pub use parcel::{Envelope, Enveloped, Label, Parcel, Raw};
pub use plain::Plain;
pub use policy::{EvictionPolicy, Hits, MarkTable, Marks, Slot};
pub use shared::Shared;
pub use stats::{Cause, Rates, Stats, Window};
pub use store::{Key, Lookup, Store, Value};
pub use time::{Deadline, Time};
