//! Traces come in chunks whose keys are numbered, and whose future can be told.

use std::io::Cursor;

use larder_lab::chunk::{CHUNK, Chunk, Chunks, NEVER, look_ahead};
use larder_lab::trace;

fn chunks(keys: impl Iterator<Item = u64>) -> Chunks {
    let text = keys.fold(String::new(), |text, key| text + &key.to_string() + "\n");
    Chunks::new(trace::read(Cursor::new(text), "made").unwrap())
}

#[test]
fn keys_are_numbered_as_they_appear() {
    let all: Vec<Chunk> = chunks([70, 80, 70, 90].into_iter()).map(Result::unwrap).collect();
    assert_eq!(all.len(), 1);
    assert_eq!((&all[0].keys[..], all[0].reach), (&[0, 1, 0, 2][..], 3));
    assert!(all[0].sizes.is_empty() && all[0].next.is_empty());
}

#[test]
fn sizes_are_kept_from_the_first_that_is_told() {
    let trace = trace::read(Cursor::new("1 7 1\n2 8 5\n3 7 1\n4 7 9\n"), "made").unwrap();
    let mut chunks = Chunks::new(trace);
    let chunk = chunks.next().unwrap().unwrap();
    assert_eq!(chunk.sizes, [1, 5, 1, 9]);
    let totals = chunks.totals();
    assert_eq!((totals.requests, totals.unique, totals.unique_bytes, totals.sized), (4, 2, 14, true));
}

#[test]
fn the_future_reaches_over_the_chunks_borders() {
    let keys = (0..CHUNK as u64 + 10).map(|at| if at == 5 || at == CHUNK as u64 + 5 { 1 << 40 } else { at });
    let mut all: Vec<Chunk> = chunks(keys).map(Result::unwrap).collect();
    assert_eq!(all.iter().map(|chunk| chunk.keys.len()).collect::<Vec<_>>(), [CHUNK, 10]);
    look_ahead(&mut all).unwrap();
    assert_eq!(all[0].next[5] as usize, CHUNK + 5);
    assert!(all.iter().flat_map(|chunk| &chunk.next).filter(|next| **next != NEVER).count() == 1);
}

#[test]
fn a_trace_of_whole_chunks_ends_where_it_ends() {
    let all: Vec<Chunk> = chunks((0..CHUNK as u64).map(|at| at % 10)).map(Result::unwrap).collect();
    assert_eq!(all.len(), 1);
    let arc = larder_lab::trace::Format::named("arc").unwrap();
    let cut = trace::read_as(Cursor::new("1 2 0 0\n1 2\n"), "cut", arc).unwrap();
    let mut cut = Chunks::new(cut);
    assert!(cut.next().is_some_and(|chunk| chunk.is_err()), "the second line is no request");
    assert!(cut.next().is_none());
}
