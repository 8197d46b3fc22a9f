//! The handle for the many: a bounded, named, expiring cache that loads what it misses, ready in one line.

mod builder;
mod handle;
mod load;
mod monitor;
mod registry;
mod upkeep;

pub use builder::CacheBuilder;
pub use handle::Cache;
pub use monitor::Event;
