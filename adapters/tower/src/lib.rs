//! A tower layer that caches a service's responses in any store.
//!
//! ```
//! use larder_core::Memory;
//! use larder_policies::Lru;
//! use larder_tower::{CacheLayer, Cloned};
//! use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let squares = service_fn(|n: u64| async move { Ok::<u64, std::io::Error>(n * n) });
//! let rules = Cloned::new(|n: &u64| Some(*n), |square: &u64| *square > 0);
//! let layer = CacheLayer::new(Memory::new(1_000, Lru::new), rules);
//! let mut cached = ServiceBuilder::new().layer(layer.clone()).service(squares);
//!
//! assert_eq!(cached.ready().await?.call(12).await?, 144);
//! assert_eq!(cached.ready().await?.call(12).await?, 144);
//! assert_eq!((layer.stats().led, layer.stats().hits), (1, 1));
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! | | |
//! |---|---|
//! | [`CacheLayer`], [`Cached`] | the layer, and the service it makes |
//! | [`Rules`], [`Taken`] | which requests have a key, and which responses are kept |
//! | [`Cloned`] | the rules for responses that can be cloned |
//! | `Http`, `HttpKey`, `HttpResponse` | the rules for HTTP, with the feature `http` |
//!
//! On a miss the service is called under the store's lease: what is removed from the store while the service works stays
//! removed. Requests for one key that miss at the same time are one call. The store may be a whole tower of patterns
//! (tiers, tags, namespaces); what loads by itself, as read-through does, has no place here, for the service is the loader.

#![forbid(unsafe_code)]

mod cloned;
mod flight;
#[cfg(feature = "http")]
mod http;
mod layer;
mod rules;
mod stats;

pub use cloned::Cloned;
#[cfg(feature = "http")]
pub use http::{CachedBody, Http, HttpKey, HttpResponse};
pub use layer::{CacheLayer, Cached};
pub use rules::{Rules, Taken};
pub use stats::ServiceStats;
