//! What nobody has authenticated yet gets no more room than it takes: whatever lengths it claims.
//!
//! The counting allocator counts for the whole process: so there is one test.

use std::alloc::System;

use larder_compress::Zstd;
use larder_core::{Codec, Context, Env, Enveloped, Life, Parcel};
use larder_seal::{Keyring, SecretKey, XChaCha20Poly1305};
use larder_serde::MessagePack;
use larder_testkit::codec::{Options, fuzz};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const CONTEXT: Context<'static> = Context { key: b"key", life: Life::DEFAULT };

/// Beside the bytes themselves: parcels, errors, what is bound.
const BESIDE: usize = 2 << 10;

#[test]
fn whatever_the_bytes_claim_they_get_room_for_what_they_are() {
    let ring = Keyring::new(1, SecretKey::new([1; 32]));
    let seal = XChaCha20Poly1305::new(&ring, &Env::manual().0);
    let plain = vec!["a store around a store".to_owned(); 100];
    let made = || MessagePack::<Vec<String>>::new().then(Zstd::level(3)).then(seal.clone());
    let chain = made();
    let parcel = chain.encode(&plain, &CONTEXT).unwrap();
    let label = &parcel.label;
    let options = Options::new().rounds(3_000);

    let whole = Enveloped.encode(&parcel, &CONTEXT).unwrap();
    let enveloped = made().then(Enveloped);
    fuzz(std::slice::from_ref(&whole), &options, |bytes| {
        if bytes != whole {
            refused(bytes.len(), || enveloped.decode(&bytes, &CONTEXT).is_ok());
        }
    });
    fuzz(&[parcel.payload().to_vec()], &options, |bytes| {
        let forged = Parcel::new(label.clone(), bytes);
        if forged != parcel {
            refused(forged.payload().len(), || chain.decode(&forged, &CONTEXT).is_ok());
        }
    });
}

/// It is refused, in room for one copy of it.
fn refused(length: usize, opens: impl FnOnce() -> bool) {
    let region = Region::new(ALLOCATOR);
    assert!(!opens());
    let allocated = region.change().bytes_allocated;
    assert!(allocated <= 2 * length + BESIDE, "{allocated} bytes for {length}");
}
