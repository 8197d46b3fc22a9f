//! Rotation step by step, and what a worn key does.

use larder_core::{Codec, Context, Env, ErrorKind, Label, Life, Parcel};

use super::*;
use crate::worn::{EXHAUSTED, KeyExhausted, WORN};
use crate::{Aes256Gcm, Reason};

const CONTEXT: Context<'static> = Context { key: b"key", life: Life::DEFAULT };

fn parcel() -> Parcel {
    Parcel::new(Label::default(), *b"a value")
}

fn secret(byte: u8) -> SecretKey {
    SecretKey::new([byte; 32])
}

fn kind<T>(result: Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

#[test]
fn a_rotation_needs_no_flush() {
    let env = Env::manual().0;
    let (here, there) = (Keyring::new(1, secret(1)), Keyring::new(1, secret(1)));
    let (write, read) = (Aes256Gcm::new(&here, &env), Aes256Gcm::new(&there, &env));
    let old = write.encode(&parcel(), &CONTEXT).unwrap();
    here.add(2, secret(2)).unwrap();
    assert_eq!(write.encode(&parcel(), &CONTEXT).unwrap().label.key_id, 1, "it doesn't seal yet");
    there.add(2, secret(2)).unwrap();
    here.promote(2).unwrap();
    let new = write.encode(&parcel(), &CONTEXT).unwrap();
    assert_eq!(new.label.key_id, 2);
    for sealed in [&old, &new] {
        assert_eq!(read.decode(sealed, &CONTEXT).unwrap(), parcel());
    }
    there.promote(2).unwrap();
    there.disable(1).unwrap();
    assert!(read.decode(&old, &CONTEXT).is_err());
    there.enable(1).unwrap();
    assert!(read.decode(&old, &CONTEXT).is_ok());
    there.disable(1).unwrap();
    there.destroy(1).unwrap();
    assert!(read.decode(&old, &CONTEXT).is_err());
    assert_eq!(read.decode(&new, &CONTEXT).unwrap(), parcel());
    assert_eq!((read.events().count(Reason::UnknownKey), read.events().refused()), (2, 2));
}

#[test]
fn what_a_ring_cant_do_it_refuses_and_changes_nothing() {
    let ring = Keyring::new(1, secret(1));
    let invalid = Some(ErrorKind::Invalid);
    assert_eq!(kind(ring.add(1, secret(9))), invalid);
    assert_eq!(kind(ring.promote(2)), invalid);
    assert_eq!(kind(ring.disable(1)), invalid, "the primary");
    assert_eq!(kind(ring.disable(2)), invalid);
    assert_eq!(kind(ring.enable(2)), invalid);
    ring.add(2, secret(2)).unwrap();
    assert_eq!(kind(ring.destroy(2)), invalid, "not disabled");
    ring.disable(2).unwrap();
    assert_eq!(kind(ring.promote(2)), invalid, "disabled");
    assert_eq!((ring.primary(), ring.ids()), (1, vec![1, 2]));
}

#[test]
fn nothing_of_a_key_is_shown() {
    let ring = Keyring::new(1, secret(0xab));
    let codec = Aes256Gcm::new(&ring, &Env::manual().0);
    codec.encode(&parcel(), &CONTEXT).unwrap();
    assert_eq!(format!("{:?}", secret(0xab)), "SecretKey");
    assert_eq!(format!("{ring:?}"), "Keyring { primary: 1, ids: [1], .. }");
    let shown = format!("{codec:?}");
    assert!(!shown.contains("171") && !shown.contains("ab, "), "{shown}");
}

#[test]
fn a_worn_key_gives_way_to_another_and_is_still_read() {
    let ring = Keyring::new(1, secret(1));
    let codec = Aes256Gcm::new(&ring, &Env::manual().0);
    let salt = |sealed: &Parcel| sealed.payload()[13..29].to_vec();
    let first = codec.encode(&parcel(), &CONTEXT).unwrap();
    ring.wear(Kind::Aes256Gcm, WORN - 1);
    let last = codec.encode(&parcel(), &CONTEXT).unwrap();
    assert_eq!((salt(&last), codec.events().count(Reason::Worn)), (salt(&first), 0));
    let next = codec.encode(&parcel(), &CONTEXT).unwrap();
    assert_ne!(salt(&next), salt(&first));
    assert_eq!(codec.events().count(Reason::Worn), 1);
    assert_eq!(salt(&codec.encode(&parcel(), &CONTEXT).unwrap()), salt(&next));
    for sealed in [first, last, next] {
        assert_eq!(codec.decode(&sealed, &CONTEXT).unwrap(), parcel());
    }
}

#[test]
fn a_key_that_cant_be_replaced_seals_up_to_its_last_message_and_no_further() {
    // Nonces are to be had, salts only once: as if the randomness failed at the wrong moment.
    let scarce = |bytes: &mut [u8]| match bytes.len() {
        SALT => Err(Error::new(ErrorKind::Codec, "drawing random bytes")),
        _ => random(bytes),
    };
    let mut ring = Keyring::new(1, secret(1));
    Aes256Gcm::new(&ring, &Env::manual().0).encode(&parcel(), &CONTEXT).unwrap();
    ring.random = scarce;
    let codec = Aes256Gcm::new(&ring, &Env::manual().0);
    ring.wear(Kind::Aes256Gcm, EXHAUSTED - 1);
    assert!(codec.encode(&parcel(), &CONTEXT).is_ok(), "message number 2^32");
    for _ in 0..2 {
        let error = codec.encode(&parcel(), &CONTEXT).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Overloaded);
        let source = std::error::Error::source(&error).expect("it says why");
        assert_eq!(source.downcast_ref(), Some(&KeyExhausted));
    }
    ring.random = random;
    let codec = Aes256Gcm::new(&ring, &Env::manual().0);
    assert!(codec.encode(&parcel(), &CONTEXT).is_ok(), "another can be had again");
    assert_eq!(codec.events().count(Reason::Worn), 1);
}

#[test]
fn what_can_get_no_randomness_seals_nothing() {
    let none = |_: &mut [u8]| Err(Error::new(ErrorKind::Codec, "drawing random bytes"));
    let ring = Keyring::with_randomness(1, secret(1), none);
    assert!(Aes256Gcm::new(&ring, &Env::manual().0).encode(&parcel(), &CONTEXT).is_err());
}

#[test]
fn the_keys_of_many_processes_are_remembered_up_to_a_bound() {
    let env = Env::manual().0;
    let reader = Keyring::new(1, secret(1));
    let codec = Aes256Gcm::new(&reader, &env);
    let remembered = || reader.read().keys[&1].readers.len();
    for number in 0..REMEMBERED + 10 {
        let sealed = Aes256Gcm::new(&Keyring::new(1, secret(1)), &env).encode(&parcel(), &CONTEXT).unwrap();
        assert_eq!(codec.decode(&sealed, &CONTEXT).unwrap(), parcel());
        codec.decode(&sealed, &CONTEXT).unwrap();
        assert_eq!(remembered(), (number + 1).min(REMEMBERED));
    }
    let forger = Aes256Gcm::new(&Keyring::new(1, secret(2)), &env).encode(&parcel(), &CONTEXT).unwrap();
    reader.write().keys.get_mut(&1).unwrap().readers.clear();
    assert!(codec.decode(&forger, &CONTEXT).is_err());
    assert_eq!(remembered(), 0, "what opens nothing is not remembered");
}
