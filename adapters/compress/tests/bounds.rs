//! Bombs go off nowhere: nothing is allocated because a header says so, and what swells is stopped while it does.
//!
//! The counting allocator counts for the whole process: so there is one test.

use std::alloc::System;

use larder_compress::{Compressed, Compressor, Deflate, Gzip, Lz4, Zlib, Zstd};
use larder_core::{Codec, Context, Life, Parcel, Raw};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const CONTEXT: Context<'static> = Context { key: b"key", life: Life::DEFAULT };

/// Whether the bytes are read, and how many bytes were allocated meanwhile.
fn reading<C: Compressor>(codec: &Compressed<C>, parcel: &Parcel) -> (bool, usize) {
    let region = Region::new(ALLOCATOR);
    let read = codec.decode(parcel, &CONTEXT).is_ok();
    (read, region.change().bytes_allocated)
}

fn compress<C: Compressor>(codec: &Compressed<C>, plain: &[u8]) -> Parcel {
    codec.encode(&Raw.encode(&plain.to_vec(), &CONTEXT).unwrap(), &CONTEXT).unwrap()
}

/// A parcel that becomes 32 MiB, made by a codec without bounds, and one with the bounds to test.
fn swells<C: Compressor>(free: Compressed<C>, bound: &Compressed<C>) {
    let bomb = compress(&free.at_most(usize::MAX).ratio(usize::MAX), &vec![0; 32 << 20]);
    assert!(bomb.payload().len() < 256 << 10);
    let (read, bytes) = reading(bound, &bomb);
    assert!(!read);
    assert!(bytes < 4 << 20, "{bytes} bytes allocated on the way to a bound of 1 MiB");
}

#[test]
fn what_swells_is_stopped_at_its_bound_and_what_lies_gets_no_room() {
    swells(Deflate::level(9), &Deflate::level(9).at_most(1 << 20));
    swells(Zlib::level(9), &Zlib::level(9).at_most(1 << 20));
    swells(Gzip::level(9), &Gzip::level(9).at_most(1 << 20));
    swells(Zstd::level(3), &Zstd::level(3).at_most(1 << 20));
    swells(Lz4::new(), &Lz4::new().at_most(1 << 20));
    swells(Deflate::level(9), &Deflate::level(9).ratio(10));
    swells(Zstd::level(3), &Zstd::level(3).ratio(10));
    swells(Lz4::new(), &Lz4::new().ratio(4));
    lies(&Lz4::new(), 0);
    lies(&Gzip::level(6), usize::MAX);
    a_frame_that_claims_more_than_is_in_it();
    what_would_not_be_read_is_not_compressed();
}

/// A length of 48 MiB written over that of 20 KiB: at `place`, or at the end.
fn lies<C: Compressor>(codec: &Compressed<C>, place: usize) {
    let codec = codec.clone().ratio(usize::MAX);
    let parcel = compress(&codec, &b"a store around a store ".repeat(1_000));
    let mut bytes = parcel.payload().to_vec();
    let place = place.min(bytes.len() - 4);
    bytes[place..place + 4].copy_from_slice(&(48_u32 << 20).to_le_bytes());
    let (read, bytes) = reading(&codec, &Parcel::new(parcel.label, bytes));
    assert!(!read);
    assert!(bytes < 2 << 20, "{bytes} bytes allocated");
}

/// One empty block, in a frame whose header has 48 MiB in four bytes.
fn a_frame_that_claims_more_than_is_in_it() {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0b1010_0000];
    frame.extend((48_u32 << 20).to_le_bytes());
    frame.extend([0x01, 0, 0]);
    let mut label = Raw.encode(&Vec::new(), &CONTEXT).unwrap().label;
    label.compressor = 4;
    let (read, bytes) = reading(&Zstd::level(3).ratio(usize::MAX), &Parcel::new(label, frame));
    assert!(!read);
    assert!(bytes < 1 << 20, "{bytes} bytes allocated");
}

fn what_would_not_be_read_is_not_compressed() {
    fn kept<C: Compressor>(codec: &Compressed<C>) {
        let plain = vec![0; 8 << 20];
        let parcel = compress(codec, &plain);
        assert_eq!(parcel.label.compressor, 0);
        assert!(codec.decode(&parcel, &CONTEXT).unwrap().payload() == plain);
    }
    kept(&Zstd::level(3));
    kept(&Deflate::level(9).ratio(900));
    kept(&Lz4::new().at_most(1 << 20));
}
