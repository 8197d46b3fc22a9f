//! What is cut, flipped or foreign is found; what is whole is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;

use larder_core::{ErrorKind, Record, Recovered};

use super::{open, record, recovered, sequences, small};
use crate::faulty::Faulty;
use crate::frame::{self, Kind};
use crate::header::{LENGTH, Title};
use crate::log::Log;
use crate::options::Options;
use crate::refused::Refused;

type Files = BTreeMap<String, Vec<u8>>;

/// Eight records of many lengths in some segments; 2 and 5 are settled.
fn journal(options: Options) -> (Files, Vec<Record>) {
    let disk = Faulty::new(0);
    let mut log = open(&disk, options);
    let records: Vec<_> =
        (0..8).map(|number| record(number, &vec![number as u8; number as usize * 9])).collect();
    for each in &records {
        log.append(std::slice::from_ref(each)).unwrap();
    }
    log.settle(&[2]).unwrap();
    log.settle(&[5]).unwrap();
    (disk.files(), records)
}

fn read(files: &Files) -> Recovered {
    recovered(&open(&Faulty::with(files), small()))
}

fn refusal(files: &Files) -> Refused {
    let error = Log::open(Faulty::with(files), small()).err().expect("it is refused");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    *error.source().and_then(|source| source.downcast_ref()).expect("it says why")
}

/// Nothing but what was appended, each at most once.
fn assert_genuine(found: &Recovered, appended: &[Record]) {
    assert!(found.records.is_sorted_by(|one, next| one.sequence < next.sequence));
    found
        .records
        .iter()
        .for_each(|record| assert!(appended.contains(record), "{record:?} was never appended"));
}

/// With bit `bit` of file `name` flipped.
fn flipped(files: &Files, name: &str, bit: usize) -> Files {
    let mut files = files.clone();
    if let Some(bytes) = files.get_mut(name) {
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    files
}

#[test]
fn a_flip_of_any_bit_is_one_damage_and_hides_nothing_else() {
    for options in [small(), Options::new()] {
        let (files, records) = journal(options);
        for (name, bytes) in &files {
            for bit in 0..bytes.len() * 8 {
                let found = read(&flipped(&files, name, bit));
                assert_eq!(found.damaged, 1, "bit {bit}");
                assert_genuine(&found, &records);
                let missing: Vec<_> =
                    [0, 1, 3, 4, 6, 7].into_iter().filter(|n| !sequences(&found).contains(n)).collect();
                assert!(missing.len() <= 1, "bit {bit} cost {missing:?}");
                let returned: Vec<_> = [2, 5].into_iter().filter(|n| sequences(&found).contains(n)).collect();
                assert!(returned.is_empty() || returned == [5], "bit {bit} brought back {returned:?}");
            }
        }
    }
}

#[test]
fn a_cut_at_any_length_costs_what_lay_behind_it_and_no_more() {
    for options in [small(), Options::new()] {
        let (files, records) = journal(options);
        for (name, bytes) in &files {
            let mut whole = BTreeSet::new();
            for length in (0..bytes.len()).rev() {
                let mut cut = files.clone();
                cut.insert(name.clone(), bytes[..length].to_vec());
                let found = read(&cut);
                assert_genuine(&found, &records);
                assert!(found.damaged <= 1);
                if found.damaged == 0 {
                    whole.insert(length);
                }
            }
            // Only between two frames can't it be told from a journal of an earlier moment.
            assert!(whole.len() <= 10, "{whole:?}");
            assert!(whole.iter().all(|length| *length >= LENGTH as usize));
        }
    }
}

#[test]
fn a_cut_keeps_every_record_before_it() {
    let (files, _) = journal(Options::new());
    let (name, bytes) = files.iter().find(|(name, _)| name.ends_with(".journal")).expect("a segment");
    let ends: Vec<usize> = (0..8)
        .scan(LENGTH as usize, |end, n| {
            Some({
                *end += 37 + n * 9;
                *end
            })
        })
        .collect();
    for length in 0..=bytes.len() {
        let mut cut = files.clone();
        cut.insert(name.clone(), bytes[..length].to_vec());
        let before = ends.iter().filter(|end| **end <= length).count() as u64;
        let found = sequences(&read(&cut));
        assert!((0..before).all(|n| found.contains(&n) || [2, 5].contains(&n)), "cut at {length}: {found:?}");
    }
}

#[test]
fn zeroed_stretches_are_found_and_the_rest_is_kept() {
    let (files, records) = journal(Options::new());
    let (name, bytes) = files.iter().find(|(name, _)| name.ends_with(".journal")).expect("a segment");
    for start in (0..bytes.len()).step_by(7) {
        let mut zeroed = files.clone();
        let end = (start + 64).min(bytes.len());
        zeroed.entry(name.clone()).and_modify(|bytes| bytes[start..end].fill(0));
        let found = read(&zeroed);
        assert_genuine(&found, &records);
        assert!((1..=4).contains(&found.damaged), "{} from {start}", found.damaged);
        assert!(found.records.len() >= 3, "{start}: {found:?}");
    }
}

#[test]
fn a_missing_segment_is_damage() {
    let (files, _) = journal(small());
    let names: Vec<_> = files.keys().filter(|name| name.ends_with(".journal")).collect();
    assert!(names.len() > 2, "{names:?}");
    let mut without = files.clone();
    without.remove(names[1]);
    assert_eq!(read(&without).damaged, 1);
}

#[test]
fn a_value_that_holds_a_journal_brings_no_record_of_its_own() {
    let (inner, _) = journal(Options::new());
    let bytes: Vec<u8> = inner.into_values().flatten().collect();
    let disk = Faulty::new(0);
    let mut log = open(&disk, Options::new());
    let mut forged = Vec::new();
    frame::push(&mut forged, 0, 0, Kind::Record, 99, b"forged");
    log.append(&[record(1, &bytes), record(2, &forged), record(3, b"last")]).unwrap();
    let files = disk.files();
    let (name, whole) = files.iter().next().expect("a segment");
    for bit in 0..whole.len() * 8 {
        let found = sequences(&read(&flipped(&files, name, bit)));
        assert!(found.iter().all(|n| (1..=3).contains(n)), "bit {bit}: {found:?}");
    }
}

#[test]
fn a_length_that_lies_allocates_nothing() {
    let title = Title { number: 1, salt: 7 };
    let mut bytes = title.header();
    let honest = bytes.len();
    frame::push(&mut bytes, 7, honest as u64, Kind::Record, 1, b"x");
    bytes[honest + 9..honest + 13].fill(0xff);
    let found = read(&Files::from([(title.name(), bytes)]));
    assert_eq!((found.records.len(), found.damaged), (0, 1));
}

#[test]
fn other_programs_and_other_versions_are_refused() {
    let title = Title { number: 1, salt: 7 };
    let foreign = [
        ("notes.journal".to_owned(), b"dear diary".to_vec()),
        (title.name(), b"dear diary".to_vec()),
        (title.name(), Title { number: 2, ..title }.header()),
    ];
    for (name, bytes) in foreign {
        assert_eq!(refusal(&Files::from([(name, bytes)])), Refused::Foreign);
    }
    let twice =
        Files::from([(title.name(), title.header()), (Title { salt: 8, ..title }.name(), Vec::new())]);
    assert_eq!(refusal(&twice), Refused::Foreign);
    let newer = [title.header_of(2), b"whatever".to_vec()].concat();
    assert_eq!(refusal(&Files::from([(title.name(), newer)])), Refused::Version(2));
}

#[test]
fn files_of_other_names_are_none_of_its_business() {
    let files = Files::from([("lock".into(), Vec::new()), ("README".into(), b"hello".to_vec())]);
    assert_eq!(read(&files), Recovered::default());
    let disk = Faulty::with(&files);
    open(&disk, small()).append(&[record(1, b"x")]).unwrap();
    assert_eq!(disk.files().get("README").map(Vec::as_slice), Some(&b"hello"[..]));
}
