//! A store keeps entries by key; everything else is a store around a store; a miss hands out a lease, and only a
//! lease can fill.

mod error;
mod policy;

pub use error::{Error, ErrorKind, Result};
pub use policy::{EvictionPolicy, Hits, MarkTable, Marks, Slot};
