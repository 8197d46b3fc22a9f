//! The journal on real files: kept, settled, refused, full, closed.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use larder_core::{Error, ErrorKind, Journal, Record, Recovered};
use larder_journal::{FileJournal, Fsync, Options, Refused};
use tempfile::TempDir;

fn record(sequence: u64) -> Record {
    Record { sequence, bytes: format!("record {sequence}").into_bytes() }
}

async fn open(folder: &Path) -> FileJournal {
    FileJournal::open(folder).await.expect("it opens")
}

async fn refusal(folder: &Path) -> Refused {
    let error = FileJournal::open(folder).await.expect_err("it is refused");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    *error.source().and_then(|source| source.downcast_ref()).expect("it says why")
}

#[tokio::test]
async fn what_is_appended_comes_back_until_it_is_settled() {
    for fsync in [Fsync::Each, Fsync::Group, Fsync::Never] {
        let folder = TempDir::new().unwrap();
        let options = Options::new().fsync(fsync).segment_length(64);
        let journal = FileJournal::open_with(folder.path(), options).await.unwrap();
        for sequence in 0..20 {
            journal.append(vec![record(sequence)]).await.unwrap();
        }
        journal.settle((0..15).collect()).await.unwrap();
        journal.settle(vec![17, 99]).await.unwrap();
        let expected = Recovered { records: [15, 16, 18, 19].map(record).to_vec(), damaged: 0 };
        assert_eq!(journal.recover().await.unwrap(), expected);
        journal.close().await.unwrap();
        assert_eq!(open(folder.path()).await.recover().await.unwrap(), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_appends_at_once_are_all_kept() {
    let folder = TempDir::new().unwrap();
    let journal = Arc::new(open(folder.path()).await);
    let appends: Vec<_> = (0..200)
        .map(|sequence| {
            let journal = Arc::clone(&journal);
            tokio::spawn(async move { journal.append(vec![record(sequence)]).await })
        })
        .collect();
    for append in appends {
        append.await.unwrap().unwrap();
    }
    journal.close().await.unwrap();
    let found = open(folder.path()).await.recover().await.unwrap();
    assert_eq!(found.records, (0..200).map(record).collect::<Vec<_>>());
}

#[tokio::test]
async fn nothing_to_append_or_to_settle_is_done_at_once() {
    let folder = TempDir::new().unwrap();
    let journal = open(folder.path()).await;
    journal.append(Vec::new()).await.unwrap();
    journal.settle(Vec::new()).await.unwrap();
    assert_eq!(journal.recover().await.unwrap(), Recovered::default());
}

#[tokio::test]
async fn after_close_every_call_but_close_is_closed() {
    let folder = TempDir::new().unwrap();
    let journal = open(folder.path()).await;
    journal.close().await.unwrap();
    journal.close().await.unwrap();
    let closed = |error: Error| error.kind() == ErrorKind::Closed;
    assert!(journal.append(vec![record(1)]).await.is_err_and(closed));
    assert!(journal.settle(vec![1]).await.is_err_and(closed));
    assert!(journal.recover().await.is_err_and(closed));
    drop(open(folder.path()).await);
}

#[tokio::test]
async fn a_second_one_is_refused_until_the_first_is_closed() {
    let folder = TempDir::new().unwrap();
    let journal = open(folder.path()).await;
    journal.append(vec![record(1)]).await.unwrap();
    assert_eq!(refusal(folder.path()).await, Refused::Held);
    journal.append(vec![record(2)]).await.unwrap();
    journal.close().await.unwrap();
    assert_eq!(open(folder.path()).await.recover().await.unwrap().records.len(), 2);
}

const FOLDER: &str = "LARDER_JOURNAL_FOLDER";

#[tokio::test]
async fn a_second_process_is_refused() {
    let folder = TempDir::new().unwrap();
    let journal = open(folder.path()).await;
    assert_eq!(child_says(folder.path()), "Held");
    journal.close().await.unwrap();
    assert_eq!(child_says(folder.path()), "opened");
}

fn child_says(folder: &Path) -> String {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "the_second_process", "--nocapture"]).env(FOLDER, folder);
    let output = command.stderr(Stdio::null()).output().expect("a process");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = text.split_whitespace().find_map(|word| word.strip_prefix("said:"));
    said.expect("it says something").to_owned()
}

/// Started by `a_second_process_is_refused`; run by itself it does nothing.
#[tokio::test]
async fn the_second_process() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    match FileJournal::open(Path::new(&folder)).await {
        Ok(_) => println!(" said:opened "),
        Err(_) => println!(" said:{:?} ", refusal(Path::new(&folder)).await),
    }
}

#[tokio::test]
async fn paths_that_can_not_be_a_journal_are_invalid() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "text").unwrap();
    for path in [file.clone(), file.join("below"), Path::new("/dev/full").into(), Path::new("\0").into()] {
        let error = FileJournal::open(&path).await.expect_err("no journal");
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    assert_eq!(fs::read(&file).unwrap(), b"text");
}

#[tokio::test]
async fn files_of_other_programs_are_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("diary.journal");
    fs::write(&file, "dear diary").unwrap();
    assert_eq!(refusal(folder.path()).await, Refused::Foreign);
    assert_eq!(fs::read(&file).unwrap(), b"dear diary");
    fs::remove_file(&file).unwrap();
    drop(open(folder.path()).await);
}

/// The file that a new segment is written to can be made a device that is always full.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_an_error_until_there_is_room() {
    let folder = TempDir::new().unwrap();
    let journal = open(folder.path()).await;
    std::os::unix::fs::symlink("/dev/full", folder.path().join("next")).unwrap();
    for _ in 0..3 {
        let error = journal.append(vec![record(1)]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
        let source = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
        assert_eq!(source.map(std::io::Error::kind), Some(std::io::ErrorKind::StorageFull));
    }
    fs::remove_file(folder.path().join("next")).unwrap();
    journal.append(vec![record(2)]).await.unwrap();
    assert_eq!(journal.recover().await.unwrap().records, [record(2)]);
}

#[tokio::test]
async fn a_dropped_append_is_kept_whole_or_not_at_all() {
    let folder = TempDir::new().unwrap();
    let journal = open(folder.path()).await;
    for sequence in 0..50 {
        let mut append = journal.append(vec![record(sequence)]);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let _ = append.as_mut().poll(&mut context);
    }
    journal.close().await.unwrap();
    let found = open(folder.path()).await.recover().await.unwrap();
    assert!(found.records.iter().all(|found| *found == record(found.sequence)));
    let sequences: BTreeSet<_> = found.records.iter().map(|found| found.sequence).collect();
    assert_eq!(sequences.len(), 50, "each was polled once, so it was asked for");
    assert_eq!(found.damaged, 0);
}

#[tokio::test]
async fn dropping_the_journal_does_what_was_asked_and_lets_go() {
    let folder = TempDir::new().unwrap();
    let journal = open(folder.path()).await;
    journal.append(vec![record(1)]).await.unwrap();
    drop(journal);
    let again = loop {
        match FileJournal::open(folder.path()).await {
            Ok(journal) => break journal,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    assert_eq!(again.recover().await.unwrap().records, [record(1)]);
}
