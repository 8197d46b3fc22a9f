//! Three short scenes, each with its numbers.

mod expiry;
mod stale_set;
mod stampede;

pub(crate) use expiry::expiry;
pub(crate) use stale_set::stale_set;
pub(crate) use stampede::stampede;
