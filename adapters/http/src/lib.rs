//! An HTTP origin behind a cache: an [`HttpOrigin`] loads what a URL gives, with the life that the answer allows.
//!
//! ```
//! use std::time::Duration;
//! use larder_core::Env;
//! use larder_http::{Ask, HttpOrigin};
//!
//! # fn main() -> larder_core::Result<()> {
//! # let (env, _manual) = Env::manual();
//! let users = HttpOrigin::new(|id: &u64| Ask::get("http://127.0.0.1:9/users").segment(id.to_string()), &env)?
//!     .timeout(Duration::from_secs(2))
//!     .body_limit(1 << 20);
//! // and then: store.read_through(users), or store.keep_fresh(users.allow_stale(day), freshness, &env)
//! # let _ = users;
//! # Ok(())
//! # }
//! ```
//!
//! | | |
//! |---|---|
//! | [`HttpOrigin`] | the loader: freshness by RFC 9111, conditional requests, bounds for what a remote may do |
//! | [`Ask`] | what is asked for a key, so that two keys never ask the same by accident |
//! | [`Response`] | the answer as a value: status, headers, body |
//! | [`Decoded`] | the same loader with the body as a value of your own |
//!
//! `https` needs the feature `rustls`.

#![forbid(unsafe_code)]

mod abreast;
mod ask;
mod decoded;
mod directives;
mod exchange;
mod known;
mod life;
mod origin;
mod response;
mod stats;
mod within;

pub use ask::Ask;
pub use decoded::Decoded;
pub use origin::HttpOrigin;
pub use reqwest::{Client, header::HeaderMap};
pub use response::Response;
pub use stats::HttpStats;
