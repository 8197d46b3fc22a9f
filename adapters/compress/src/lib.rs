//! Parcels made smaller on their way out of the process: [`Deflate`], [`Zlib`], [`Gzip`], [`Zstd`], [`Lz4`].
//!
//! ```
//! use larder_compress::Zstd;
//! use larder_core::{Memory, Parcel, Raw, StoreExt};
//! use larder_policies::Lru;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> larder_core::Result<()> {
//! let zstd = Zstd::level(3);
//! let meter = zstd.meter();
//! let pages = Memory::<Vec<u8>, Parcel, _>::new(100, Lru::new).encode(zstd).encode(Raw);
//!
//! let page = b"<p>hello</p>".repeat(1_000);
//! pages.put(b"page:1".to_vec(), page.clone()).await?;
//! assert_eq!(pages.value(&b"page:1".to_vec()).await?, Some(page));
//! assert!(meter.stats().saved() > 11_000);
//! # Ok(())
//! # }
//! ```
//!
//! | codec | feature | for |
//! |---|---|---|
//! | [`Zstd`] | `zstd` | most values; with a [`Dictionary`] also small ones |
//! | [`Lz4`] | `lz4` | values read so often that reading must cost next to nothing |
//! | [`Deflate`], [`Zlib`], [`Gzip`] | `deflate` | what something else reads, too |
//! | [`Compressed::by`] | | a [`Compressor`] of your own |
//!
//! All features are on by default. `zstd` brings a library in C.
//!
//! # Order of composition
//!
//! Compress what is encoded, seal what is compressed: `remote.encode(seal).encode(zstd).encode(json)`. What is sealed can't
//! be compressed. The length of a compressed and sealed value still tells something: see [`Compressed::secret`].
//!
//! # Bytes from others
//!
//! A store may hand back anything. So a value is decompressed under a bound on its length and on its ratio, which is
//! checked while it grows; nothing is allocated because a header says so; and what is cut short, followed by more, or made
//! of several members is an error: a miss. Each value that was compressed fits the bounds it was compressed under: lower
//! them only when those are gone.

#![forbid(unsafe_code)]

mod compressed;
mod compressor;
mod meter;

#[cfg(feature = "deflate")]
mod deflate;
#[cfg(feature = "zstd")]
mod dictionary;
#[cfg(any(feature = "deflate", feature = "lz4", feature = "zstd"))]
mod kept;
#[cfg(feature = "lz4")]
mod lz4;
#[cfg(any(feature = "deflate", feature = "lz4", feature = "zstd"))]
mod rooms;
#[cfg(feature = "zstd")]
mod zstd;

pub use compressed::Compressed;
pub use compressor::Compressor;
#[cfg(feature = "deflate")]
pub use deflate::{Deflate, DeflateStream, Gzip, GzipMember, Zlib, ZlibStream};
#[cfg(feature = "zstd")]
pub use dictionary::Dictionary;
#[cfg(feature = "lz4")]
pub use lz4::{Lz4, Lz4Block};
pub use meter::{CompressionStats, Meter};
#[cfg(feature = "zstd")]
pub use zstd::{Zstd, ZstdFrame};
