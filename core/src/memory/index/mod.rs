//! The entries of a shard: readers find them without a lock, one writer changes them under it. The only module with
//! unsafe code.
//!
//! A node lies at a *place*, where it is written once and stays till it is *dead*: unlinked, and seen by nobody. What is
//! unlinked waits in *limbo* until all who were reading have moved on (`readers` says why that is enough). The rules
//! that everything here rests on:
//!
//! 1. A table names only places that hold a node.
//! 2. Only the writer, of which there is one an index, changes the table, or writes to places and takes from them.
//! 3. The writer takes a node, or frees a table, only if it was unlinked before it found that all who had begun to
//!    read have moved on; and it changes or takes a node otherwise only while its thread is *alone*: nobody reads.
//!
//! ```text
//! look   writer     what readers have, what the writer has
//! shared            what both look at
//! table   tags      which key is where
//! limbo   places    where the unlinked wait; memory for nodes
//! ```

mod limbo;
mod look;
mod places;
mod shared;
mod table;
mod tags;
mod writer;

pub(super) use look::{Index, Look};
pub(super) use places::Place;
pub(super) use table::{At, Glance};
pub(super) use writer::{Gone, Writer};
