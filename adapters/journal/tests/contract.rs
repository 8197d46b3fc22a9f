//! The journal in files keeps the contract of journals, however it syncs.

use std::rc::Rc;

use larder_journal::{FileJournal, Fsync, Options};
use larder_testkit::journal::{conforms, refuses_a_second};
use tempfile::TempDir;

/// Opens it as soon as the one before has let go.
async fn open(folder: &TempDir, options: Options) -> FileJournal {
    loop {
        match FileJournal::open_with(folder.path(), options).await {
            Ok(journal) => return journal,
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test]
async fn it_conforms_however_it_syncs_and_however_short_its_segments_are() {
    for (fsync, length) in [(Fsync::Each, 1 << 20), (Fsync::Group, 256), (Fsync::Never, 64)] {
        let places = || {
            let folder = Rc::new(TempDir::new().unwrap());
            async move || open(&folder, Options::new().fsync(fsync).segment_length(length)).await
        };
        conforms(places, 1).await;
    }
}

#[tokio::test]
async fn a_second_opening_is_refused() {
    let folder = TempDir::new().unwrap();
    refuses_a_second(async || FileJournal::open(folder.path()).await).await;
}
