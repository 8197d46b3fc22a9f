//! Traces are read as they are written, and what can't be read is one clear line.

use std::io::{Cursor, Write};
use std::time::Duration;

use larder_lab::trace::{self, Error, FORMATS, Format, Place, Problem, Request};
use proptest::prelude::*;

fn read(bytes: &[u8], name: &str) -> Result<Vec<Request>, Error> {
    trace::read(Cursor::new(bytes.to_vec()), name)?.collect()
}

fn keys(bytes: &[u8], name: &str) -> Vec<u64> {
    read(bytes, name).unwrap().iter().map(|request| request.key).collect()
}

fn error(bytes: &[u8], name: &str) -> String {
    read(bytes, name).expect_err("it is read without an error").to_string()
}

fn format_of(bytes: &[u8], name: &str) -> &'static str {
    trace::read(Cursor::new(bytes.to_vec()), name).unwrap().format().name
}

fn joined(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().concat()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 1).unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(0);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_line_of_an_arc_trace_stands_for_a_run_of_keys() {
    assert_eq!(keys(b"10 3 0 0\n5 0 0 1\n\n7 1 0 2", "a.lis"), [10, 11, 12, 7]);
}

#[test]
fn breakpoints_blank_lines_and_line_ends_are_no_requests() {
    assert_eq!(keys(b"1\r\n*\r\n\r\n2\n3", "a.trace"), [1, 2, 3]);
    assert_eq!(format_of(b"1\n*\n2\n", "anything"), "lirs");
}

#[test]
fn a_key_may_be_a_number_or_any_text() {
    let found = keys(b"17\nuser:1\nuser:2\nuser:1\n\n017\n", "requests.txt");
    assert_eq!(found.len(), 5);
    assert_eq!((found[0], found[1]), (17, found[3]));
    assert!(found[1] != found[2] && found[4] != 17);
    let again = keys("schlüssel\n99999999999999999999\n".as_bytes(), "requests.txt");
    assert_ne!(again[0], again[1], "a number too large for a key is a text like any other");
}

#[test]
fn text_formats_are_told_by_their_content() {
    assert_eq!(format_of(b"s 0x1fffff70 1\n", "x"), "address");
    assert_eq!(format_of(b"s 0x1fffff70 1 2 3\n", "x"), "address-penalties");
    assert_eq!(format_of(b"1 2 3\n", "x"), "adapt-size");
    assert_eq!(format_of(b"1 2 3 4\n", "x"), "arc");
    assert_eq!(format_of(b"1\n2\n", "x"), "keys");
    assert_eq!(keys(b"l 0xff 1\n", "x"), [255]);
    assert_eq!(read(b"1 22 333\n", "x").unwrap()[0].size, 333);
}

#[test]
fn binary_formats_are_told_by_content_or_name() {
    let mut oracle = Vec::new();
    for (second, key, next) in [(1_u32, 500_u64, 3_i64), (1, 600, -1), (2, 500, -1)] {
        oracle.extend(second.to_le_bytes());
        oracle.extend(key.to_le_bytes());
        oracle.extend(4096_u32.to_le_bytes());
        oracle.extend(next.to_le_bytes());
    }
    assert_eq!(format_of(&oracle, "x"), "oracle-general");
    let requests = read(&oracle, "x").unwrap();
    assert_eq!(requests.iter().map(|request| request.key).collect::<Vec<_>>(), [500, 600, 500]);
    assert_eq!((requests[2].size, requests[2].at), (4096, Some(Duration::from_secs(2))));
    assert_eq!(keys(&[0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff], "x.trace"), [1, 0xffff_ffff]);
    assert_eq!(keys(&[0, 0, 0, 0, 0, 0, 1, 0], "corda"), [256]);
    assert_eq!(error(&[0, 0, 0, 1], "x"), "x: is of no format that can be told; name it");
}

#[test]
fn every_compression_gives_the_same_requests() {
    let text = b"10 3 0 0\n7 1 0 1\n";
    for packed in [gz(text), zst(text), xz(text), [gz(text), gz(b"9 1 0 2\n")].concat()] {
        assert_eq!(keys(&packed, "x")[..4], [10, 11, 12, 7]);
    }
    assert_eq!(keys(&[gz(text), gz(b"9 1 0 2\n")].concat(), "x").len(), 5, "all members of a file are read");
}

#[test]
fn what_cannot_be_opened_is_named() {
    let missing = trace::open("no/such.lis").unwrap_err();
    assert!(missing.to_string().starts_with("no/such.lis: can't be opened: "), "{missing}");
    let folder = tempfile::tempdir().unwrap();
    let directory = trace::open(folder.path()).unwrap_err();
    assert!(matches!(directory.problem(), Problem::Directory));
    let file = folder.path().join("empty.lis");
    std::fs::write(&file, "").unwrap();
    assert!(matches!(trace::open(&file).unwrap_err().problem(), Problem::Empty));
    std::fs::write(&file, "1 2 3 4\n").unwrap();
    let mut trace = trace::open(&file).unwrap();
    assert_eq!(trace.by_ref().count(), 2);
    assert_eq!(trace.progress(), Some(1.0));
}

#[test]
fn a_trace_without_requests_is_an_error() {
    assert_eq!(error(b"", "x"), "x: holds no requests");
    assert_eq!(error(b"\n\n", "x"), "x: holds no requests");
    assert_eq!(error(&gz(b""), "x.gz"), "x.gz: holds no requests");
}

#[test]
fn a_bad_line_is_named_by_its_number() {
    let begin = "1 1 0 0\n".repeat(1_000);
    let line = |line: &str| error(format!("{begin}{line}\n").as_bytes(), "x.lis");
    assert_eq!(line("1 x 0 0"), "x.lis: line 1001: expected four numbers: start, count, ignored, sequence");
    assert_eq!(line("1 1"), "x.lis: line 1001: expected four numbers: start, count, ignored, sequence");
    assert_eq!(line("99999999999999999999 1 0 0"), "x.lis: line 1001: a number is too large");
    assert_eq!(line("18446744073709551615 2 0 0"), "x.lis: line 1001: a number is too large");
    assert_eq!(line("1 16777217 0 0"), "x.lis: line 1001: one line stands for too many requests");
    assert_eq!(line(&"1".repeat(70_000)), "x.lis: line 1001: the line is too long for a trace");
}

#[test]
fn a_line_without_end_is_refused_before_it_fills_the_memory() {
    let endless = std::io::repeat(b'7');
    let error = trace::read(endless, "x").unwrap().find_map(Result::err).unwrap();
    assert!(matches!(error.problem(), Problem::LongLine));
    assert_eq!((error.file(), error.place()), ("x", Some(Place::Line(1))));
}

#[test]
fn a_file_that_ends_within_a_record_says_so() {
    assert_eq!(error(&[0, 0, 0, 1, 0, 0], "x.trace"), "x.trace: record 2: the file ends within a record");
}

#[test]
fn a_compressed_file_that_is_cut_off_is_an_error_and_not_an_end() {
    let text = joined((0..50_000_u64).map(|n| format!("{} 1 0 {n}\n", n * n % 9_973)));
    for (packed, name) in
        [(gz(text.as_bytes()), "gz"), (zst(text.as_bytes()), "zst"), (xz(text.as_bytes()), "xz")]
    {
        assert_eq!(read(&packed, "x.lis").unwrap().len(), 50_000, "{name}");
        for end in [packed.len() / 2, packed.len() - 1] {
            let error = read(&packed[..end], "x.lis").expect_err(name);
            assert!(matches!(error.problem(), Problem::Read(_)), "{name}: {error}");
        }
    }
}

#[test]
fn a_compressed_file_that_is_damaged_ends_with_requests_or_an_error() {
    let text = joined((0..2_000_u64).map(|n| format!("{} 1 0 {n}\n", n * n % 9_973)));
    for packed in [gz(text.as_bytes()), zst(text.as_bytes()), xz(text.as_bytes())] {
        let mut noticed = 0;
        for at in (0..packed.len()).step_by(packed.len() / 200) {
            let mut damaged = packed.clone();
            damaged[at] ^= 1 << (at % 8);
            noticed += usize::from(read(&damaged, "x.lis").is_err());
        }
        assert!(noticed > 100, "{noticed}");
    }
}

#[test]
fn a_format_can_be_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x");
    std::fs::write(&file, [0, 0, 0, 9]).unwrap();
    let requests: Result<Vec<_>, _> =
        trace::open_as(&file, Format::named("cache2k").unwrap()).unwrap().collect();
    assert_eq!(requests.unwrap(), [Request::new(9)]);
    std::fs::write(&file, "one\n").unwrap();
    let wrong = trace::open_as(&file, Format::named("arc").unwrap()).unwrap().next().unwrap().unwrap_err();
    assert_eq!(wrong.place(), Some(Place::Line(1)));
    assert!(Format::named("nosuch").is_none());
}

#[test]
fn what_is_said_to_be_of_another_format_is_refused() {
    let text = "1234567\n".repeat(96);
    let bytes: Vec<u8> = (0..96_u32).flat_map(|key| u64::from(key).to_be_bytes()).collect();
    for format in FORMATS {
        let is_text = ["arc", "lirs", "address", "address-penalties", "adapt-size", "twitter", "csv", "keys"];
        let wrong = if is_text.contains(&format.name) { &bytes[..] } else { text.as_bytes() };
        let found: Result<Vec<_>, _> =
            trace::read_as(Cursor::new(wrong.to_vec()), "x", format).and_then(Iterator::collect);
        let error = found.expect_err(format.name).to_string();
        assert!(error.contains("expected"), "{}: {error}", format.name);
    }
}

#[test]
fn the_names_of_formats_are_unique() {
    let mut names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), FORMATS.len());
}

proptest! {
    #[test]
    fn keys_come_back_as_they_were_written(written: Vec<u64>) {
        prop_assume!(!written.is_empty());
        let text = joined(written.iter().map(|key| format!("{key}\n")));
        prop_assert_eq!(keys(text.as_bytes(), "x"), written);
    }

    #[test]
    fn garbage_in_any_format_never_panics(garbage: Vec<u8>, text in "[0-9x* .,\\-\n]{0,200}", packed in 0..4) {
        for bytes in [garbage.as_slice(), text.as_bytes()] {
            let bytes = match packed {
                0 => bytes.to_vec(),
                1 => [&[0x1f, 0x8b, 8], bytes].concat(),
                2 => [&[0x28, 0xb5, 0x2f, 0xfd], bytes].concat(),
                _ => [&[0xfd, b'7', b'z', b'X', b'Z', 0], bytes].concat(),
            };
            let input = || Cursor::new(bytes.clone());
            let detected = std::iter::once(trace::read(input(), "x"));
            let named = FORMATS.iter().map(|format| trace::read_as(input(), "x", format));
            for trace in detected.chain(named).flatten() {
                let last = trace.take(2_000).last();
                prop_assert!(last.is_some(), "a trace without requests is an error");
            }
        }
    }
}
