//! Freshness: when to reload an entry, what to answer meanwhile, and what the origin may be asked, decided in one place.

mod batch;
mod budget;
mod conclude;
mod decision;
mod forgetting;
mod reload;
mod seek;
mod settings;
mod stats;
mod store;
mod verdicts;

pub use budget::Budget;
pub use seek::Fresh;
pub use settings::Freshness;
pub use stats::FreshStats;
