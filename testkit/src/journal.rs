//! Does a journal keep the rules of [`Journal`]? Ask [`conforms`].
//!
//! ```
//! use larder_testkit::Env;
//! use larder_testkit::journal::conforms;
//! use larder_testkit::simulation::SimulatedDisk;
//!
//! let (_env, manual) = Env::manual();
//! let places = || {
//!     let disk = SimulatedDisk::new();
//!     async move || disk.open()
//! };
//! manual.block_on(conforms(places, 0));
//! ```
//!
//! A journal in files gets a new folder for each place, and opens it in the closure. One that lets go of its files only some
//! time after it was dropped tries again there.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use larder_core::{ErrorKind, Journal, Random, Record, Recovered, Result};

/// Checks the rules that need no crash of the machine, and a long run of random operations, drawn from `seed`, against a model.
///
/// `places` makes a new, empty place each time it is called; a place opens the journal that lies there, which it may be asked
/// for again once the one before was dropped or closed. What fails in it should panic.
///
/// # Panics
///
/// If the journal breaks a rule. The message names it.
pub async fn conforms<J: Journal, P: AsyncFn() -> J>(places: impl Fn() -> P, seed: u64) {
    keeps_until_settled(&places()).await;
    keeps_any_bytes(&places()).await;
    keeps_the_order_of_calls(&places()).await;
    stands_dropped_calls(&places()).await;
    takes_sequences_again(&places()).await;
    closes(&places()).await;
    agrees_with_a_model(&places(), seed).await;
}

/// Checks that a journal is not opened a second time while it is open, and is once it was closed. `open` opens the one place.
///
/// # Panics
///
/// If it is, or is not.
pub async fn refuses_a_second<J: Journal>(open: impl AsyncFn() -> Result<J>) {
    let first = done(open().await, "opening");
    assert!(open().await.is_err(), "one journal has one owner: a second opening is refused");
    done(first.append(vec![record(1)]).await, "appending after a second opening was refused");
    done(first.close().await, "closing");
    let second = done(open().await, "opening again after a close");
    holds(&second, &[record(1)], "what was acknowledged").await;
}

async fn keeps_until_settled<J: Journal>(place: &impl AsyncFn() -> J) {
    let journal = place().await;
    holds(&journal, &[], "nothing, as long as nothing is appended").await;
    done(journal.append(Vec::new()).await, "appending nothing");
    done(journal.settle(Vec::new()).await, "settling nothing");
    done(journal.append(vec![record(7)]).await, "appending");
    done(journal.append(vec![record(2), record(3)]).await, "appending two with lower sequences");
    holds(&journal, &[record(2), record(3), record(7)], "all that is not settled, by rising sequence").await;
    holds(&journal, &[record(2), record(3), record(7)], "the same again: recovering changes nothing").await;
    drop(journal);
    let journal = place().await;
    holds(&journal, &[record(2), record(3), record(7)], "the same after the end of its owner").await;
    done(journal.settle(vec![3, 99]).await, "settling one that is there and one that is not");
    done(journal.settle(vec![3]).await, "settling a second time");
    holds(&journal, &[record(2), record(7)], "no record that was settled").await;
    done(journal.close().await, "closing");
    holds(&place().await, &[record(2), record(7)], "no record that was settled, opened again").await;
}

async fn keeps_any_bytes<J: Journal>(place: &impl AsyncFn() -> J) {
    let bytes = [vec![], vec![0; 3], (0..=u8::MAX).cycle().take(1_000).collect(), vec![0xff; 1 << 20]];
    let records: Vec<_> =
        bytes.into_iter().zip(1..).map(|(bytes, sequence)| Record { sequence, bytes }).collect();
    let journal = place().await;
    done(journal.append(records.clone()).await, "appending bytes of any length");
    holds(&journal, &records, "exactly what was appended").await;
    drop(journal);
    holds(&place().await, &records, "exactly what was appended, opened again").await;
}

async fn keeps_the_order_of_calls<J: Journal>(place: &impl AsyncFn() -> J) {
    let journal = place().await;
    {
        let (mut append, mut settle) = (journal.append(vec![record(1), record(2)]), journal.settle(vec![1]));
        let mut again = journal.append(vec![Record { sequence: 1, bytes: b"later".to_vec() }]);
        let calls = [&mut append, &mut settle, &mut again];
        let mut open: Vec<_> = calls.into_iter().collect();
        poll_fn(|context| {
            open.retain_mut(|call| match call.as_mut().poll(context) {
                Poll::Ready(outcome) => {
                    done(outcome, "a call while another is under way");
                    false
                }
                Poll::Pending => true,
            });
            if open.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
    let expected = [Record { sequence: 1, bytes: b"later".to_vec() }, record(2)];
    holds(&journal, &expected, "the effects of calls in the order in which they were begun").await;
    drop(journal);
    holds(&place().await, &expected, "the effects in their order, opened again").await;
}

async fn stands_dropped_calls<J: Journal>(place: &impl AsyncFn() -> J) {
    let journal = place().await;
    once(journal.append(vec![record(1)])).await;
    once(journal.append(vec![record(2)])).await;
    done(journal.settle(vec![1]).await, "settling what a dropped call may have appended");
    done(journal.append(vec![record(3)]).await, "appending after a call was dropped");
    drop(journal);
    let found = done(place().await.recover().await, "recovering").records;
    let others: Vec<_> = found.into_iter().filter(|found| *found != record(2)).collect();
    assert_eq!(others, [record(3)], "a dropped append is settled like any other, and takes nothing with it");
}

async fn takes_sequences_again<J: Journal>(place: &impl AsyncFn() -> J) {
    let journal = place().await;
    for round in 0..5_u8 {
        let again = Record { sequence: 9, bytes: vec![round; 40] };
        done(journal.append(vec![again.clone()]).await, "appending a sequence that was settled");
        holds(&journal, &[again], "the record of a sequence that is used again").await;
        done(journal.settle(vec![9]).await, "settling");
    }
    drop(journal);
    holds(&place().await, &[], "nothing once all is settled").await;
}

async fn closes<J: Journal>(place: &impl AsyncFn() -> J) {
    let journal = place().await;
    done(journal.append(vec![record(1)]).await, "appending");
    done(journal.close().await, "closing");
    done(journal.close().await, "closing a second time");
    let closed = |outcome: Result<()>| outcome.err().map(|error| error.kind());
    let late = [
        closed(journal.append(vec![record(2)]).await),
        closed(journal.settle(vec![1]).await),
        closed(journal.recover().await.map(drop)),
    ];
    assert_eq!(late, [Some(ErrorKind::Closed); 3], "after a close, every other call is `Closed`");
    holds(&place().await, &[record(1)], "what was acknowledged before the close, and nothing after").await;
}

async fn agrees_with_a_model<J: Journal>(place: &impl AsyncFn() -> J, seed: u64) {
    let (random, mut model, mut next) = (Random::seeded(seed), BTreeMap::new(), 0);
    let mut journal = place().await;
    for _ in 0..400 {
        match random.next() % 16 {
            0 => {
                drop(journal);
                journal = place().await;
            }
            1 => {
                done(journal.close().await, "closing");
                journal = place().await;
            }
            2..=8 => {
                let count = random.next() % 4;
                let bytes = || (0..random.next() % 64).map(|_| random.next() as u8).collect();
                let records: Vec<_> =
                    (0..count).map(|at| Record { sequence: next + at, bytes: bytes() }).collect();
                next += count;
                model.extend(records.iter().map(|record| (record.sequence, record.clone())));
                done(journal.append(records).await, "appending");
            }
            _ => {
                let some = model.keys().filter(|_| random.next().is_multiple_of(3)).copied();
                let settled: Vec<u64> = some.collect();
                settled.iter().for_each(|sequence| drop(model.remove(sequence)));
                done(journal.settle(settled).await, "settling");
            }
        }
        let expected: Vec<_> = model.values().cloned().collect();
        holds(&journal, &expected, &format!("what the model holds (seed {seed})")).await;
    }
}

fn record(sequence: u64) -> Record {
    Record { sequence, bytes: format!("record {sequence}").into_bytes() }
}

async fn holds(journal: &impl Journal, expected: &[Record], what: &str) {
    let Recovered { records, damaged } = done(journal.recover().await, "recovering");
    assert!(records == expected, "a journal gives back {what}");
    assert_eq!(damaged, 0, "nothing is damaged that nobody damaged");
}

#[track_caller]
fn done<T>(outcome: Result<T>, doing: &str) -> T {
    match outcome {
        Ok(done) => done,
        Err(error) => panic!("{doing} fails: {error}"),
    }
}

/// Polls once, and drops.
async fn once<T>(call: impl Future<Output = T>) {
    let mut call = pin!(call);
    poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_ready())).await;
}
