//! The content of a block of requests: column by column, as differences in few bytes, compressed.
//!
//! First comes a byte that says which columns there are: 1 for keys as differences (else as 8 bytes each), 2 for sizes,
//! 4 for times, 8 for TTLs, 16 for costs. Numbers are written in groups of 7 bits, the lowest first, each byte but the
//! last with its highest bit set; differences with their sign in the lowest bit. Times, TTLs and costs are microseconds
//! plus 1, or 0 where there is none.

use std::io;
use std::time::Duration;

use super::request::Request;

/// How many requests a block holds at most.
pub(super) const BLOCK: usize = 1 << 16;

/// A request's most bytes, before they are compressed.
const WIDEST: usize = 10 * 5;

/// A block's most bytes.
pub(super) const MOST_BYTES: usize = BLOCK * WIDEST + 1024;

const DIFFERENCES: u8 = 1;
const SIZES: u8 = 2;
const TIMES: u8 = 4;
const TTLS: u8 = 8;
const COSTS: u8 = 16;

/// The content of a block of `requests`.
pub(super) fn encoded(requests: &[Request], level: i32) -> io::Result<Vec<u8>> {
    zstd::bulk::compress(&columns(requests), level)
}

/// The `count` requests of a block, if it is one.
pub(super) fn decoded(content: &[u8], count: usize) -> Option<Vec<Request>> {
    let bytes = zstd::bulk::decompress(content, count * WIDEST + 1).ok()?;
    let mut reader = Bytes(&bytes);
    let flags = reader.byte()?;
    let mut requests = keys(&mut reader, count, flags & DIFFERENCES != 0)?;
    if flags & SIZES != 0 {
        for request in &mut requests {
            request.size = u32::try_from(reader.number()?).ok()?;
        }
    }
    if flags & TIMES != 0 {
        let mut last = 0_u64;
        for request in &mut requests {
            let Some(difference) = reader.number()?.checked_sub(1) else { continue };
            last = last.wrapping_add(unfolded(difference));
            request.at = Some(Duration::from_micros(last));
        }
    }
    if flags & TTLS != 0 {
        for request in &mut requests {
            request.ttl = reader.number()?.checked_sub(1).map(Duration::from_micros);
        }
    }
    if flags & COSTS != 0 {
        for request in &mut requests {
            request.cost = reader.number()?.checked_sub(1).map(Duration::from_micros);
        }
    }
    reader.0.is_empty().then_some(requests)
}

fn keys(reader: &mut Bytes<'_>, count: usize, differences: bool) -> Option<Vec<Request>> {
    let mut last = 0_u64;
    let mut requests = Vec::with_capacity(count);
    for _ in 0..count {
        last = if differences { last.wrapping_add(unfolded(reader.number()?)) } else { reader.word()? };
        requests.push(Request::new(last));
    }
    Some(requests)
}

fn columns(requests: &[Request]) -> Vec<u8> {
    let mut flags = 0;
    let mut body = differences(requests);
    if body.len() <= requests.len() * 5 {
        flags |= DIFFERENCES;
    } else {
        body = requests.iter().flat_map(|request| request.key.to_le_bytes()).collect();
    }
    if requests.iter().any(|request| request.size != 1) {
        flags |= SIZES;
        requests.iter().for_each(|request| put(&mut body, request.size.into()));
    }
    if requests.iter().any(|request| request.at.is_some()) {
        flags |= TIMES;
        times(requests, &mut body);
    }
    for (flag, of) in [(TTLS, ttl as Lasting), (COSTS, cost)] {
        if requests.iter().any(|request| of(request).is_some()) {
            flags |= flag;
            requests
                .iter()
                .for_each(|request| put(&mut body, of(request).map_or(0, |known| micros(known) + 1)));
        }
    }
    body.insert(0, flags);
    body
}

/// A time that some requests have.
type Lasting = fn(&Request) -> Option<Duration>;

const fn ttl(request: &Request) -> Option<Duration> {
    request.ttl
}

const fn cost(request: &Request) -> Option<Duration> {
    request.cost
}

fn differences(requests: &[Request]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(requests.len() * 2);
    let mut last = 0;
    for request in requests {
        put(&mut bytes, folded(request.key.wrapping_sub(last)));
        last = request.key;
    }
    bytes
}

fn times(requests: &[Request], bytes: &mut Vec<u8>) {
    let mut last = 0;
    for request in requests {
        let Some(at) = request.at.map(micros) else {
            put(bytes, 0);
            continue;
        };
        put(bytes, folded(at.wrapping_sub(last)) + 1);
        last = at;
    }
}

/// Up to 2^62, so that differences and the 1 above fit: 146,000 years.
fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).min(1 << 62)
}

/// A difference with its sign in the lowest bit, so that small ones are small either way.
const fn folded(difference: u64) -> u64 {
    (difference << 1) ^ (difference.cast_signed() >> 63).cast_unsigned()
}

const fn unfolded(folded: u64) -> u64 {
    (folded >> 1) ^ (folded & 1).wrapping_neg()
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn word(&mut self) -> Option<u64> {
        let (word, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*word))
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                return None;
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}
