//! Parcels sealed for stores that others can read and write: [`XChaCha20Poly1305`], [`Aes256Gcm`], [`Aes256GcmSiv`].
//!
//! ```
//! use std::time::Duration;
//!
//! use larder_core::{Env, MemoryOptions, Parcel, Raw, StoreExt};
//! use larder_policies::Lru;
//! use larder_seal::{Keyring, SecretKey, XChaCha20Poly1305};
//!
//! # let (env, manual) = Env::manual();
//! # manual.block_on(async {
//! let keys = Keyring::new(1, SecretKey::random()?);
//! let seal = XChaCha20Poly1305::new(&keys, &env).namespace("notes").lives_at_most(Duration::from_secs(3600));
//! let events = seal.events();
//! let remote = MemoryOptions::<Vec<u8>, Parcel>::new(100).env(&env).build(Lru::new).shared();
//! let notes = remote.clone().encode(seal).encode(Raw);
//!
//! notes.put(b"note:1".to_vec(), b"buy milk".to_vec()).await?;
//! let moved = remote.value(&b"note:1".to_vec()).await?.unwrap();
//! remote.put(b"note:2".to_vec(), moved).await?;
//! assert_eq!(notes.value(&b"note:1".to_vec()).await?.as_deref(), Some(&b"buy milk"[..]));
//! assert_eq!(notes.value(&b"note:2".to_vec()).await?, None, "it is no note number 2");
//! assert_eq!(events.refused(), 1);
//! # Ok::<(), larder_core::Error>(())
//! # })?;
//! # Ok::<(), larder_core::Error>(())
//! ```
//!
//! | codec | nonce | take it |
//! |---|---|---|
//! | [`XChaCha20Poly1305`] | 192 bits | if nothing speaks for another: any number of writers, fast everywhere |
//! | [`Aes256Gcm`] | 96 bits | where the processor has AES and rules ask for it; each process has keys of its own |
//! | [`Aes256GcmSiv`] | 96 bits | where nonces may repeat (cloned machines): a repetition tells only that two values are equal |
//!
//! # What a seal holds
//!
//! - What is in a value, and that nobody without the key made or changed it.
//! - Where it belongs: a value moved to another key or namespace doesn't open. So a store that several tenants share, or
//!   whose operator is curious, can't swap values.
//! - What it is: the label (codec, compressor, schema, stamps) can't be changed.
//! - How long it lives, by the time of day: neither a store that keeps it longer, nor one that promises longer, is believed.
//! - Under which key: each value commits to its own, so that no value opens under two.
//!
//! # What it doesn't
//!
//! - **An older value of the same key**, put back while it lives, opens: keep lives short, or put a version into the key.
//! - That a value is missing. A store can always forget.
//! - Lengths, unless [padded](Sealed::padded); names, unless they are made by [`HmacNames`]; who reads what, and when.
//! - Compressed secrets: `Compressed::secret` in `larder-compress` says why, and what to do.
//!
//! # When something fails
//!
//! A value that can't be opened is a miss, counted by [`Reason`] in [`SecurityEvents`], and told at a bounded rate to who
//! [asked](Sealed::on_event). Whoever loads on misses loads once for all who wait, so a poisoned store is no stampede.
//!
//! The checks come in this order, and nothing parses bytes before they are authenticated: length, version, key, commitment, tag, deadline;
//! then whoever is next decompresses and decodes.

#![forbid(unsafe_code)]

mod algorithms;
mod cipher;
mod derived;
mod events;
mod header;
mod keyring;
mod limits;
mod names;
mod padding;
mod sealed;
mod secret;
mod wall;
mod worn;

pub use algorithms::{Algorithm, Gcm, GcmSiv, XChaCha};
pub use cipher::Kind;
pub use events::{Reason, SecurityEvent, SecurityEvents};
pub use keyring::Keyring;
pub use names::HmacNames;
pub use padding::Padding;
pub use sealed::Sealed;
pub use secret::SecretKey;
pub use wall::{SystemWallClock, WallClock};
pub use worn::KeyExhausted;

/// Parcels sealed by XChaCha20-Poly1305: the one to take.
pub type XChaCha20Poly1305 = Sealed<XChaCha>;

/// Parcels sealed by AES-256-GCM.
pub type Aes256Gcm = Sealed<Gcm>;

/// Parcels sealed by AES-256-GCM-SIV.
pub type Aes256GcmSiv = Sealed<GcmSiv>;
