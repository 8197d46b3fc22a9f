//! A sealed value opens where it was put, as what it was, while it lives, for who has the key; and nowhere else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use larder_core::{
    Codec, Context, Deadline, Entry, Env, Enveloped, ErrorKind, Label, Life, Manual, Parcel, Raw, Time,
    parcel,
};
use larder_seal::{
    Aes256Gcm, Aes256GcmSiv, Algorithm, Keyring, Padding, Reason, Sealed, SecretKey, XChaCha20Poly1305,
};
use larder_testkit::codec::{Options, conforms, fuzz, parcels};
use proptest::prelude::*;

const CONTEXT: Context<'static> = Context { key: b"key", life: Life::DEFAULT };
const SECOND: Duration = Duration::from_secs(1);

fn ring() -> Keyring {
    Keyring::new(7, SecretKey::new([7; 32]))
}

fn env() -> Env {
    Env::manual().0
}

macro_rules! for_each_seal {
    ($check:ident) => {
        $check(&XChaCha20Poly1305::new(&ring(), &env()).namespace("tests"));
        $check(&Aes256Gcm::new(&ring(), &env()).namespace("tests"));
        $check(&Aes256GcmSiv::new(&ring(), &env()).namespace("tests"));
    };
}

fn parcel(payload: &[u8]) -> Parcel {
    let label =
        Label { codec: 2, compressor: 4, schema: 99, stamps: Some(Arc::new(vec![1, 2])), ..Label::default() };
    Parcel::new(label, payload)
}

#[test]
fn the_codecs_keep_their_contract() {
    fn check<A: Algorithm>(codec: &Sealed<A>) {
        let options = Options::new().sealed().rounds(400);
        let values = [parcel(b""), parcel(b"a value"), parcel(&[0x80, 0, 0]), parcel(&[0; 3_000])];
        parcels(codec, &values, &options);
        let padded = codec.clone().padded(Padding::Padme);
        parcels(&padded, &values[..2], &options.clone().rounds(100));
        conforms(&Raw.then(codec.clone()).then(Enveloped), &[b"value".to_vec()], &options);
    }
    for_each_seal!(check);
}

#[test]
fn every_flipped_byte_and_every_cut_of_the_sealed_bytes_is_a_miss() {
    fn check<A: Algorithm>(codec: &Sealed<A>) {
        let sealed = codec.encode(&parcel(b"a value"), &CONTEXT).unwrap();
        let opens =
            |bytes: Vec<u8>| codec.decode(&Parcel::new(sealed.label.clone(), bytes), &CONTEXT).is_ok();
        let whole = sealed.payload();
        assert!(opens(whole.to_vec()));
        for at in 0..whole.len() {
            assert!(!opens(whole[..at].to_vec()), "cut at {at}");
            for flip in [1, 0x10, 0x80, 0xff] {
                let mut damaged = whole.to_vec();
                damaged[at] ^= flip;
                assert!(!opens(damaged), "byte {at} xor {flip}");
            }
        }
        assert_eq!(codec.events().refused(), 5 * whole.len() as u64);
        assert_eq!(codec.events().count(Reason::Worn), 0);
    }
    for_each_seal!(check);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_value_comes_back_and_none_is_sealed_alike_twice(
        payload: Vec<u8>, key: Vec<u8>, schema: u64, stamps: Vec<u64>, padding in 0..3_usize
    ) {
        let stamps = (!stamps.is_empty()).then(|| Arc::new(stamps));
        let plain = Parcel::new(Label { schema, stamps, ..Label::default() }, payload);
        let padding = [Padding::None, Padding::Padme, Padding::PowersOfTwo][padding];
        let context = Context { key: &key, life: Life::DEFAULT };
        let codec = XChaCha20Poly1305::new(&ring(), &env()).padded(padding);
        let (one, two) = (codec.encode(&plain, &context).unwrap(), codec.encode(&plain, &context).unwrap());
        prop_assert_ne!(one.payload(), two.payload());
        prop_assert_eq!(codec.decode(&one, &context).unwrap(), plain.clone());
        prop_assert_eq!(codec.decode(&two, &context).unwrap(), plain);
    }
}

#[test]
fn a_value_from_another_key_or_namespace_is_a_miss_with_its_reason() {
    let ring = ring();
    let codec = |namespace: &str| Aes256Gcm::new(&ring, &env()).namespace(namespace);
    let (here, there) = (codec("here"), codec("there"));
    let sealed = here.encode(&parcel(b"a value"), &CONTEXT).unwrap();
    assert!(there.decode(&sealed, &CONTEXT).is_err());
    assert_eq!(there.events().count(Reason::WrongPlace), 1);
    let elsewhere = Context { key: b"another", ..CONTEXT };
    assert!(here.decode(&sealed, &elsewhere).is_err());
    assert_eq!(here.events().count(Reason::WrongPlace), 1);
    // The same bytes, cut otherwise between namespace and key.
    let shifted = Context { key: b"ekey", ..CONTEXT };
    assert!(codec("her").decode(&sealed, &shifted).is_err());
    assert_eq!(here.decode(&sealed, &CONTEXT).unwrap(), parcel(b"a value"));
    assert_eq!((here.events().refused(), there.events().refused()), (1, 1));
}

#[test]
fn each_refusal_has_its_reason() {
    let codec = Aes256Gcm::new(&ring(), &env());
    let sealed = codec.encode(&parcel(b"a value"), &CONTEXT).unwrap();
    let events = codec.events();
    let refuse = |parcel: &Parcel, reason| {
        let before = events.count(reason);
        let error = codec.decode(parcel, &CONTEXT).expect_err("it is refused");
        assert_eq!(error.kind(), ErrorKind::Codec);
        assert_eq!(events.count(reason), before + 1, "{error}");
    };
    let with = |change: &dyn Fn(&mut Label, &mut Vec<u8>)| {
        let (mut label, mut payload) = (sealed.label.clone(), sealed.payload().to_vec());
        change(&mut label, &mut payload);
        Parcel::new(label, payload)
    };
    refuse(&parcel(b"never sealed"), Reason::Malformed);
    refuse(&with(&|label, _| label.cipher = parcel::cipher::AES_256_GCM_SIV), Reason::Malformed);
    refuse(&with(&|_, payload| payload[0] = 3), Reason::Malformed);
    refuse(&with(&|_, payload| payload[0] = 1), Reason::Forged);
    refuse(&with(&|_, payload| payload.truncate(60)), Reason::Malformed);
    refuse(&with(&|label, _| label.key_id = 8), Reason::UnknownKey);
    refuse(&with(&|_, payload| payload[20] ^= 1), Reason::Forged);
    refuse(&with(&|_, payload| payload[40] ^= 1), Reason::Forged);
    refuse(&with(&|_, payload| *payload.last_mut().unwrap() ^= 1), Reason::Forged);
    refuse(&with(&|_, payload| payload[1] ^= 1), Reason::Forged);
    refuse(&with(&|label, _| label.compressor = 0), Reason::Forged);
    refuse(&with(&|label, _| label.schema += 1), Reason::Forged);
    refuse(&with(&|label, _| label.stamps = None), Reason::Forged);
}

#[test]
fn a_key_of_the_same_number_with_other_bytes_opens_nothing() {
    let other = Keyring::new(7, SecretKey::new([8; 32]));
    let sealed = Aes256Gcm::new(&other, &env()).encode(&parcel(b"a value"), &CONTEXT).unwrap();
    let codec = Aes256Gcm::new(&ring(), &env());
    assert!(codec.decode(&sealed, &CONTEXT).is_err());
    assert_eq!(codec.events().count(Reason::Forged), 1, "its commitment is to another key");
}

/// A codec whose time of day and clock are turned by hand.
struct Day {
    manual: Manual,
    wall: Arc<AtomicU64>,
    codec: XChaCha20Poly1305,
}

impl Day {
    fn new() -> Self {
        let (env, manual) = Env::manual();
        let wall = Arc::new(AtomicU64::new(1_700_000_000_000));
        let told = Arc::clone(&wall);
        let codec =
            XChaCha20Poly1305::new(&ring(), &env).wall_clock(move || told.load(Relaxed)).leeway(SECOND);
        Self { manual, wall, codec }
    }

    fn pass(&self, duration: Duration) {
        self.manual.advance(duration);
        self.wall.fetch_add(duration.as_millis() as u64, Relaxed);
    }

    fn opens(&self, sealed: &Parcel, life: Life) -> bool {
        self.codec.decode(sealed, &Context { key: b"key", life }).is_ok()
    }
}

#[test]
fn a_value_that_the_store_keeps_too_long_is_a_miss() {
    let day = Day::new();
    let minute = Entry::new(()).ttl(60 * SECOND).life();
    let sealed = day.codec.encode(&parcel(b"v"), &Context { key: b"key", life: minute }).unwrap();
    day.pass(61 * SECOND);
    assert!(day.opens(&sealed, Life::DEFAULT), "within the leeway");
    day.pass(SECOND / 1_000);
    assert!(!day.opens(&sealed, Life::DEFAULT));
    assert_eq!(day.codec.events().count(Reason::Expired), 1);
}

#[test]
fn a_store_that_prolongs_a_deadline_is_not_believed() {
    let day = Day::new();
    let until = |seconds: u32| {
        let end = Deadline::at(day.manual.clock().now().after(seconds * SECOND));
        Life::new(Time::ZERO, end, end)
    };
    let sealed = day.codec.encode(&parcel(b"v"), &Context { key: b"key", life: until(60) }).unwrap();
    assert!(day.opens(&sealed, until(60)));
    assert!(day.opens(&sealed, until(10)), "shorter is the store's affair");
    assert!(!day.opens(&sealed, until(62)));
    assert!(!day.opens(&sealed, Entry::new(()).never_expires().life()));
    assert_eq!(day.codec.events().count(Reason::Expired), 2);
}

#[test]
fn what_leaves_its_life_to_the_store_is_sealed_for_as_long_as_was_said() {
    let day = Day::new();
    let endless = day.codec.encode(&parcel(b"v"), &CONTEXT).unwrap();
    let hour = Day { codec: day.codec.clone().lives_at_most(3_600 * SECOND), ..day };
    let bounded = hour.codec.encode(&parcel(b"v"), &CONTEXT).unwrap();
    let pinned = Context { key: b"key", life: Entry::new(()).never_expires().life() };
    let pinned = hour.codec.encode(&parcel(b"v"), &pinned).unwrap();
    hour.pass(3_600 * SECOND);
    assert!(hour.opens(&bounded, Life::DEFAULT) && hour.opens(&pinned, Life::DEFAULT));
    hour.pass(2 * SECOND);
    assert!(!hour.opens(&bounded, Life::DEFAULT) && !hour.opens(&pinned, Life::DEFAULT));
    hour.pass(1_000_000 * SECOND);
    assert!(hour.opens(&endless, Life::DEFAULT));
}

#[test]
fn an_older_value_of_the_same_key_opens_as_the_documentation_says() {
    let day = Day::new();
    let old = day.codec.encode(&parcel(b"old"), &CONTEXT).unwrap();
    let _new = day.codec.encode(&parcel(b"new"), &CONTEXT).unwrap();
    assert!(day.opens(&old, Life::DEFAULT), "a seal can't see a roll-back");
}

#[test]
fn values_over_the_bound_are_neither_sealed_nor_opened() {
    let keys = ring();
    let (small, large) = (Aes256Gcm::new(&keys, &env()).at_most(100), Aes256Gcm::new(&keys, &env()));
    let (small_padded, fits) = (small.clone().padded(Padding::PowersOfTwo), parcel(&[1; 100]));
    let sealed = small_padded.encode(&fits, &CONTEXT).unwrap();
    assert_eq!(small.decode(&sealed, &CONTEXT).unwrap(), fits);
    assert_eq!(small.encode(&parcel(&[1; 101]), &CONTEXT).unwrap_err().kind(), ErrorKind::Codec);
    for length in [101, 1_000] {
        let sealed = large.encode(&parcel(&vec![1; length]), &CONTEXT).unwrap();
        assert!(small.decode(&sealed, &CONTEXT).is_err());
    }
    assert_eq!(small.events().count(Reason::Malformed), 2);
}

#[test]
fn padding_hides_small_differences_of_length() {
    let codec = XChaCha20Poly1305::new(&ring(), &env());
    let length = |padding, length: usize| {
        codec.clone().padded(padding).encode(&parcel(&vec![1; length]), &CONTEXT).unwrap().payload().len()
    };
    assert_ne!(length(Padding::None, 900), length(Padding::None, 901));
    assert_eq!(length(Padding::Padme, 1_000), length(Padding::Padme, 1_010));
    assert_eq!(length(Padding::PowersOfTwo, 600), length(Padding::PowersOfTwo, 1_000));
    assert_eq!(length(Padding::None, 0), 101);
}

#[test]
fn what_is_sealed_already_is_not_sealed_again() {
    let codec = XChaCha20Poly1305::new(&ring(), &env());
    let sealed = codec.encode(&parcel(b"v"), &CONTEXT).unwrap();
    assert_eq!(codec.encode(&sealed, &CONTEXT).unwrap_err().kind(), ErrorKind::Codec);
}

#[test]
fn no_damage_makes_a_seal_panic_or_open() {
    fn check<A: Algorithm>(codec: &Sealed<A>) {
        let golden: Vec<_> =
            [&b"a value"[..], &[0; 300]].map(|plain| codec.encode(&parcel(plain), &CONTEXT).unwrap()).into();
        let inputs: Vec<_> = golden.iter().map(|parcel| parcel.payload().to_vec()).collect();
        fuzz(&inputs, &Options::new().rounds(3_000), |bytes| {
            let is_changed = !inputs.contains(&bytes);
            let opened = codec.decode(&Parcel::new(golden[0].label.clone(), bytes), &CONTEXT);
            assert!(!is_changed || opened.is_err());
        });
    }
    for_each_seal!(check);
}

/// What a version sealed once, it must open for ever. Never change these files: a new form is a new version.
#[test]
fn the_golden_bytes_of_each_version_and_cipher_are_opened() {
    fn open<A: Algorithm>(codec: &Sealed<A>, golden: &[&[u8]; 2]) {
        for (golden, plain) in golden.iter().zip(["a value of version 1", "a value of version 2"]) {
            let sealed = Enveloped.decode(&golden.to_vec(), &CONTEXT).unwrap();
            assert_eq!(codec.decode(&sealed, &CONTEXT).unwrap(), parcel(plain.as_bytes()));
        }
    }
    macro_rules! golden {
        ($cipher:ident, $name:literal) => {
            open(
                &$cipher::new(&ring(), &env()).namespace("tests"),
                &[
                    include_bytes!(concat!("golden/", $name, ".bin")),
                    include_bytes!(concat!("golden/", $name, "_v2.bin")),
                ],
            );
        };
    }
    golden!(XChaCha20Poly1305, "xchacha20_poly1305");
    golden!(Aes256Gcm, "aes_256_gcm");
    golden!(Aes256GcmSiv, "aes_256_gcm_siv");
}
