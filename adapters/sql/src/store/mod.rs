//! A table as a slow, large tier.

mod counts;
mod desk;
mod keys;
mod marks;
mod options;
mod portions;
mod sql_store;
mod statements;

pub use options::SqlStoreOptions;
pub use sql_store::SqlStore;
