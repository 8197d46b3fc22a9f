//! Values that serde knows, as bytes: the codecs [`Postcard`], for any value, and [`PostcardChange`], for what a journal
//! keeps.
//!
//! ```
//! use larder_core::{Entry, Memory, Store, StoreExt};
//! use larder_policies::Lru;
//! use larder_serde::Postcard;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! struct User { name: String, age: u8 }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> larder_core::Result<()> {
//! let bytes: Memory<Vec<u8>, Vec<u8>, _> = Memory::new(100, Lru::new);
//! let users = bytes.encode(Postcard::<User>::new());
//!
//! let ann = User { name: "Ann".into(), age: 33 };
//! users.insert(b"ann".to_vec(), Entry::new(ann.clone())).await?;
//! assert_eq!(users.get(&b"ann".to_vec()).await?.hit().unwrap().into_value(), ann);
//! # Ok(())
//! # }
//! ```
//!
//! # Another type is another schema
//!
//! postcard doesn't describe itself: bytes of one type may well read as another. So each value begins with a number made
//! of its type's shape: the names and types of fields and variants, as serde sees them. Rename a field, add one, and
//! what was written before is no longer read. What serde can't see (the meaning of a number) is yours to tell:
//! [`version`](Postcard::version).
//!
//! # When something fails
//!
//! - A value of another type, of another version, cut or followed by more can't be decoded: an error of the kind
//!   [`Codec`](larder_core::ErrorKind::Codec), which a store reads as a miss.
//! - So can't a value that postcard has no form for ([`encode`](larder_core::Codec::encode) says so); types that serde
//!   flattens or tells apart by trial are among them.
//! - Neither notices flipped bits in what is there; whoever keeps the bytes does.

mod change;
mod postcard;
mod shape;

pub use change::PostcardChange;
pub use postcard::Postcard;
