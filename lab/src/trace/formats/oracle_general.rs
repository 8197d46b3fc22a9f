//! libCacheSim's `oracleGeneral`: requests that know when their key comes back.

use std::time::Duration;

use super::format::Format;
use crate::trace::records::{self, bytes};
use crate::trace::request::Request;
use crate::trace::sample::Sample;

const LENGTH: usize = 24;

pub(super) const FORMAT: Format = Format {
    name: "oracle-general",
    about: "24-byte records, little endian: u32 seconds, u64 key, u32 size, i64 next",
    fits,
    open: |input| records::requests(input, parse),
};

/// Time never goes back, and a key's next request lies ahead.
fn fits(sample: &Sample<'_>) -> bool {
    let records = sample.records::<LENGTH>();
    let in_order = records.is_sorted_by_key(|record| u32::from_le_bytes(bytes(record, 0)));
    let ahead = (1_i64..).zip(records).all(|(number, record)| {
        let next = i64::from_le_bytes(bytes(record, 16));
        next == -1 || (number < next && next < 1 << 48)
    });
    !records.is_empty() && in_order && ahead
}

fn parse(record: &[u8; LENGTH]) -> Request {
    let seconds = u32::from_le_bytes(bytes(record, 0));
    Request {
        key: u64::from_le_bytes(bytes(record, 4)),
        size: u32::from_le_bytes(bytes(record, 12)),
        at: Some(Duration::from_secs(seconds.into())),
    }
}
