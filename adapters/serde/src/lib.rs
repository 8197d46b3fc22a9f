//! Values that serde knows, as parcels: the codecs [`Json`], [`MessagePack`] and [`Postcard`], for any value; and
//! [`PostcardChange`], for what a journal keeps.
//!
//! ```
//! use larder_core::{Entry, Memory, Parcel, Store, StoreExt};
//! use larder_policies::Lru;
//! use larder_serde::Json;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! struct User { name: String, age: u8 }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> larder_core::Result<()> {
//! let parcels: Memory<Vec<u8>, Parcel, _> = Memory::new(100, Lru::new);
//! let users = parcels.encode(Json::<User>::new());
//!
//! let ann = User { name: "Ann".into(), age: 33 };
//! users.insert(b"ann".to_vec(), Entry::new(ann.clone())).await?;
//! assert_eq!(users.get(&b"ann".to_vec()).await?.hit().unwrap().into_value(), ann);
//! # Ok(())
//! # }
//! ```
//!
//! | codec | feature | bytes of a small record | for |
//! |---|---|---|---|
//! | [`Postcard`] | `postcard` | fewest | programs in Rust |
//! | [`MessagePack`] | `message-pack` | more: it names fields | programs in any language |
//! | [`Json`] | `json` | most | people |
//!
//! All features are on by default.
//!
//! # Another type is another schema
//!
//! postcard doesn't describe itself: bytes of one type may well read as another. The others do, but not what is meant. So
//! the label of each value has a number made of its type's shape: the names and types of fields and variants, as serde
//! sees them. Rename a field, add one, and what was written before is no longer read. What serde can't see (the meaning of
//! a number) is yours to tell: [`version`](Postcard::version).
//!
//! Types that ask for anything (those that serde flattens or tells apart by trial, and JSON's own values) show no shape
//! beyond that point: give them versions.
//!
//! # When something fails
//!
//! - A value of another type, version or form, cut or followed by more can't be decoded: an error of the kind
//!   [`Codec`](larder_core::ErrorKind::Codec), which a store reads as a miss.
//! - So can't a value that the format has no form for ([`encode`](larder_core::Codec::encode) says so): for postcard, types
//!   that ask for anything; for JSON, maps whose keys are neither strings nor numbers.
//! - None notices flipped bits in what is there; the [`Envelope`](larder_core::Envelope) does.

#![forbid(unsafe_code)]

#[cfg(any(feature = "json", feature = "message-pack", feature = "postcard"))]
mod schema;
#[cfg(any(feature = "json", feature = "message-pack", feature = "postcard"))]
mod shape;

#[cfg(feature = "postcard")]
mod change;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "message-pack")]
mod message_pack;
#[cfg(feature = "postcard")]
mod postcard;
#[cfg(any(feature = "message-pack", feature = "postcard"))]
mod shallow;

#[cfg(feature = "postcard")]
pub use change::PostcardChange;
#[cfg(feature = "json")]
pub use json::Json;
#[cfg(feature = "message-pack")]
pub use message_pack::MessagePack;
#[cfg(feature = "postcard")]
pub use postcard::Postcard;
