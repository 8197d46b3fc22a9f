//! libCacheSim's `oracleGeneral`: requests that know when their key comes back.

use std::collections::HashMap;
use std::io::{self, Write};
use std::time::Duration;

use super::format::Format;
use crate::trace::records::{self, bytes};
use crate::trace::request::Request;
use crate::trace::sample::Sample;
use crate::trace::sink::{Output, Sink};

const LENGTH: usize = 24;

pub(super) const FORMAT: Format = Format {
    name: "oracle-general",
    about: "24-byte records, little endian: u32 seconds, u64 key, u32 size, i64 next",
    fits,
    open: |input, _| records::requests(input, parse),
    sink: Some(|output| Box::new(Records { output, records: Vec::new() })),
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
        size: u32::from_le_bytes(bytes(record, 12)),
        at: Some(Duration::from_secs(seconds.into())),
        ..Request::new(u64::from_le_bytes(bytes(record, 4)))
    }
}

/// Keeps all requests until the last: a record says when its key comes back.
struct Records {
    output: Output,
    records: Vec<(u32, u64, u32)>,
}

impl Sink for Records {
    fn write(&mut self, request: &Request) -> io::Result<()> {
        let seconds = request.at.map_or(0, |at| at.as_secs());
        let seconds = u32::try_from(seconds);
        let seconds = seconds.map_err(|_| io::Error::other("a time is too large for oracle-general"))?;
        self.records.push((seconds, request.key, request.size));
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        let mut coming = HashMap::new();
        let mut next = vec![-1_i64; self.records.len()];
        for (index, (_, key, _)) in self.records.iter().enumerate().rev() {
            next[index] = coming.insert(*key, i64::try_from(index + 1).unwrap_or(-1)).unwrap_or(-1);
        }
        for ((seconds, key, size), next) in self.records.iter().zip(next) {
            self.output.write_all(&seconds.to_le_bytes())?;
            self.output.write_all(&key.to_le_bytes())?;
            self.output.write_all(&size.to_le_bytes())?;
            self.output.write_all(&next.to_le_bytes())?;
        }
        self.output.flush()
    }
}
