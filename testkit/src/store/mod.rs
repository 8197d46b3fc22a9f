//! Does a store keep the rules of [`Store`]? Ask [`conforms`].
//!
//! On the manual clock, for a store that lives in the process:
//!
//! ```
//! use larder_core::{Env, MemoryOptions};
//! use larder_policies::Lru;
//! use larder_testkit::store::{Options, conforms};
//!
//! let (env, manual) = Env::manual();
//! let options = Options::manual(|n| format!("key {n}"), |n| n, &manual).coarse_leases();
//! let make = async || MemoryOptions::new(1_000).env(&env).build(Lru::new);
//! manual.block_on(conforms(make, &options));
//! ```
//!
//! For a store elsewhere, [`Options::waiting`] takes a function that really waits, and the suite runs on a runtime.
//! Say what the store doesn't claim ([`lossy`](Options::lossy), [`coarse_leases`](Options::coarse_leases),
//! [`tick`](Options::tick)), and what is the default life of those you make ([`default_ttl`](Options::default_ttl)).

mod basics;
mod batches;
mod drops;
mod leases;
mod lives;
mod model;
mod options;
mod probe;
mod random;

use larder_core::{Store, Value};

pub use options::Options;
use probe::Probe;

/// Checks every rule of the contract on stores that `make` makes, and a long run of random operations against a model.
///
/// `make` makes a new, empty store each time it is called; all of them tell the same time.
///
/// # Panics
///
/// If the store breaks a rule. The message names it; if it was found at random it gives the seed, too.
pub async fn conforms<S>(make: impl AsyncFn() -> S, options: &Options<S::Key, S::Value>)
where
    S: Store<Value: Value + PartialEq>,
{
    let fresh = async || Probe::new(make().await, options);
    basics::check(&fresh).await;
    leases::check(&fresh).await;
    drops::check(&fresh).await;
    batches::check(&fresh).await;
    lives::check(&fresh).await;
    random::check(&fresh, options).await;
}
