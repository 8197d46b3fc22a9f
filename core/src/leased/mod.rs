//! Leases for stores that have none of their own.

mod changes;
mod counts;
mod records;
mod store;

pub use store::Leased;
