//! Failing writes, full disks, and room that is won back.

use std::io::ErrorKind;

use super::{open, record, recovered, sequences, small};
use crate::faulty::{Fault, Faulty};
use crate::options::Options;

#[test]
fn a_full_disk_is_an_error_and_there_is_more_room_later() {
    for room in 0..300 {
        let disk = Faulty::new(room);
        disk.set_room(room as usize);
        let mut log = open(&disk, small());
        let acknowledged: Vec<_> =
            (0..10).take_while(|n| log.append(&[record(*n, b"twenty bytes of text")]).is_ok()).collect();
        assert!(acknowledged.len() < 6, "room {room}");
        let refused = log.append(&[record(10, &[0; 400])]).expect_err("no room");
        assert_eq!(refused.kind(), ErrorKind::StorageFull);
        disk.set_room(usize::MAX);
        log.append(&[record(11, b"more")]).expect("there is room again");
        let kept = sequences(&recovered(&log));
        assert_eq!(kept, [acknowledged, vec![11]].concat());
        let again = recovered(&open(&disk, small()));
        assert_eq!((sequences(&again), again.damaged), (kept, 0));
    }
}

#[test]
fn what_failed_and_was_settled_does_not_come_back() {
    for operation in 0..12 {
        let disk = Faulty::new(operation);
        let mut log = open(&disk, small());
        log.append(&[record(1, b"first")]).unwrap();
        disk.fail_after(operation, Fault::Fails);
        let failed = log.append(&[record(2, b"second")]).is_err();
        assert!(failed || operation > 1, "operation {operation}");
        log.settle(&[2]).or_else(|_| log.settle(&[2])).expect("one fault only");
        disk.heal();
        assert_eq!(sequences(&recovered(&log)), [1]);
        assert_eq!(sequences(&recovered(&open(&disk, small()))), [1]);
    }
}

#[test]
fn segments_leave_when_all_in_them_is_settled() {
    let disk = Faulty::new(0);
    let mut log = open(&disk, small());
    for number in 0..1_000 {
        log.append(&[record(number, b"twenty bytes of text")]).unwrap();
        log.settle(&[number]).unwrap();
        assert!(disk.used() < 1_000, "{} bytes after {number}", disk.used());
    }
    assert!(recovered(&open(&disk, small())).records.is_empty());
}

#[test]
fn a_record_nobody_settles_does_not_hold_up_the_disk() {
    let disk = Faulty::new(0);
    let mut log = open(&disk, small());
    log.append(&[record(0, b"forever")]).unwrap();
    for number in 1..1_000 {
        log.append(&[record(number, b"twenty bytes of text")]).unwrap();
        log.settle(&[number]).unwrap();
        assert!(disk.used() < 1_500, "{} bytes after {number}", disk.used());
    }
    let found = recovered(&open(&disk, small()));
    assert_eq!((found.records, found.damaged), (vec![record(0, b"forever")], 0));
}

#[test]
fn a_sequence_is_used_again_once_it_is_settled() {
    let disk = Faulty::new(0);
    let mut log = open(&disk, Options::new());
    for round in 0..3_u8 {
        log.append(&[record(1, &[round])]).unwrap();
        log.append(&[record(2, &[round])]).unwrap();
        log.settle(&[2]).unwrap();
        assert_eq!(recovered(&log).records, [record(1, &[round])]);
        assert_eq!(recovered(&open(&disk, Options::new())).records, [record(1, &[round])]);
        log.settle(&[1]).unwrap();
        assert!(recovered(&log).records.is_empty());
    }
}
