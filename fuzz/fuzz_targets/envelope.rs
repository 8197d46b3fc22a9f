//! Any bytes as an envelope: an error, or a parcel that is written as the same bytes again.
#![no_main]

use std::time::Duration;

use larder_core::{Envelope, Time};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((parcel, life)) = Envelope::read(bytes, Time::ZERO, Duration::ZERO) {
        let again = Envelope::write(&parcel, life, Time::ZERO);
        assert!(Envelope::read(&again, Time::ZERO, Duration::ZERO).is_ok_and(|(read, _)| read == parcel));
    }
});
