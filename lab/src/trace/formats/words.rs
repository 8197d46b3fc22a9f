//! Files of nothing but keys, as big-endian words. Nothing in them tells what they are; the name must.

use super::format::Format;
use crate::trace::records;
use crate::trace::request::Request;
use crate::trace::sample::Sample;

pub(super) const CACHE2K: Format = Format {
    name: "cache2k",
    about: "32-bit keys, big endian",
    fits: |sample| is_binary(sample, &["cache2k", ".trace"]),
    open: |input, _| records::requests(input, |word| Request::new(u32::from_be_bytes(*word).into())),
    sink: None,
};

pub(super) const CLOUD_PHYSICS: Format = Format {
    name: "cloud-physics",
    about: "32-bit keys, big endian",
    fits: |sample| is_binary(sample, &["cloud-physics", "cloud_physics"]),
    open: CACHE2K.open,
    sink: None,
};

pub(super) const CORDA: Format = Format {
    name: "corda",
    about: "64-bit keys, big endian",
    fits: |sample| is_binary(sample, &["corda", "vaultservice"]),
    open: |input, _| records::requests(input, |word| Request::new(u64::from_be_bytes(*word))),
    sink: None,
};

pub(super) const SCARAB: Format = Format {
    name: "scarab",
    about: "64-bit keys, big endian",
    fits: |sample| is_binary(sample, &["scarab"]),
    open: CORDA.open,
    sink: None,
};

fn is_binary(sample: &Sample<'_>, names: &[&str]) -> bool {
    !sample.is_text() && sample.is_named(names)
}
