//! Virtual disk requests in VSCSI records, version 1, as the `CloudPhysics` traces have them.

use std::time::Duration;

use super::format::Format;
use crate::trace::records::{self, bytes};
use crate::trace::request::Request;
use crate::trace::sample::Sample;

const LENGTH: usize = 32;

pub(super) const FORMAT: Format = Format {
    name: "vscsi",
    about: "32-byte records, little endian: serial, length, nSG, command, version, block, microseconds",
    fits,
    open: |input, _| records::requests(input, parse),
    sink: None,
};

fn fits(sample: &Sample<'_>) -> bool {
    let records = sample.records::<LENGTH>();
    !records.is_empty() && records.iter().all(|record| u16::from_le_bytes(bytes(record, 14)) >> 8 == 1)
}

fn parse(record: &[u8; LENGTH]) -> Request {
    let micros = u64::from_le_bytes(bytes(record, 24));
    Request {
        size: u32::from_le_bytes(bytes(record, 4)),
        at: Some(Duration::from_micros(micros)),
        ..Request::new(u64::from_le_bytes(bytes(record, 16)))
    }
}
