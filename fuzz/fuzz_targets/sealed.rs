//! Any bytes as sealed ones, by the first byte: they never open.
#![no_main]

use std::sync::LazyLock;

use larder_core::{Codec, Context, Env, Label, Life, Parcel, parcel::cipher};
use larder_seal::{Aes256Gcm, Aes256GcmSiv, Keyring, SecretKey, XChaCha20Poly1305};
use libfuzzer_sys::fuzz_target;

const CONTEXT: Context<'static> = Context { key: b"key", life: Life::DEFAULT };

static SEALS: LazyLock<(XChaCha20Poly1305, Aes256Gcm, Aes256GcmSiv)> = LazyLock::new(|| {
    let (keys, env) = (Keyring::new(0, SecretKey::new([1; 32])), Env::manual().0);
    (XChaCha20Poly1305::new(&keys, &env), Aes256Gcm::new(&keys, &env), Aes256GcmSiv::new(&keys, &env))
});

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let parcel = |cipher| Parcel::new(Label { cipher, ..Label::default() }, bytes);
    let opened = match first % 3 {
        0 => SEALS.0.decode(&parcel(cipher::XCHACHA20_POLY1305), &CONTEXT),
        1 => SEALS.1.decode(&parcel(cipher::AES_256_GCM), &CONTEXT),
        _ => SEALS.2.decode(&parcel(cipher::AES_256_GCM_SIV), &CONTEXT),
    };
    assert!(opened.is_err());
});
