//! The suite for journals passes one that keeps the contract, and finds those that break it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use larder_core::{BoxFuture, Env, Error, ErrorKind, Journal, Record, Recovered, Result};
use larder_testkit::journal::{conforms, refuses_a_second};
use larder_testkit::simulation::{SimulatedDisk, SimulatedJournal};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    LosesSettlements,
    ForgetsAtTheEndOfItsOwner,
    CutsBytes,
    ReversesOrder,
    RefusesUnknownSequences,
    IgnoresClose,
    CountsDamage,
}

struct Odd {
    journal: SimulatedJournal,
    fault: Fault,
}

impl Journal for Odd {
    fn append(&self, mut records: Vec<Record>) -> BoxFuture<'_, Result<()>> {
        if self.fault == Fault::CutsBytes {
            records.iter_mut().for_each(|record| record.bytes.truncate(4_096));
        }
        self.journal.append(records)
    }
    fn settle(&self, sequences: Vec<u64>) -> BoxFuture<'_, Result<()>> {
        match self.fault {
            Fault::LosesSettlements => Box::pin(async { Ok(()) }),
            Fault::RefusesUnknownSequences if sequences.contains(&99) => {
                Box::pin(async { Err(Error::new(ErrorKind::Invalid, "settling")) })
            }
            _ => self.journal.settle(sequences),
        }
    }
    fn recover(&self) -> BoxFuture<'_, Result<Recovered>> {
        Box::pin(async {
            let mut found = self.journal.recover().await?;
            match self.fault {
                Fault::ReversesOrder => found.records.reverse(),
                Fault::CountsDamage => found.damaged = 1,
                _ => {}
            }
            Ok(found)
        })
    }
    fn close(&self) -> BoxFuture<'_, Result<()>> {
        if self.fault == Fault::IgnoresClose { Box::pin(async { Ok(()) }) } else { self.journal.close() }
    }
}

fn broken_rule(fault: Fault) -> Option<String> {
    let (_env, manual) = Env::manual();
    let places = || {
        let disk = SimulatedDisk::new();
        async move || {
            let disk =
                if fault == Fault::ForgetsAtTheEndOfItsOwner { SimulatedDisk::new() } else { disk.clone() };
            Odd { journal: disk.open(), fault }
        }
    };
    let found = catch_unwind(AssertUnwindSafe(|| manual.block_on(conforms(places, 7))));
    found.err().map(|payload| payload.downcast_ref::<String>().cloned().expect("a message"))
}

#[test]
fn a_journal_that_keeps_the_contract_passes() {
    assert_eq!(broken_rule(Fault::None), None);
}

#[test]
fn broken_rules_are_found() {
    for (fault, rule) in [
        (Fault::LosesSettlements, "no record that was settled"),
        (Fault::ForgetsAtTheEndOfItsOwner, "the same after the end of its owner"),
        (Fault::CutsBytes, "exactly what was appended"),
        (Fault::ReversesOrder, "by rising sequence"),
        (Fault::RefusesUnknownSequences, "one that is not fails"),
        (Fault::IgnoresClose, "every other call is `Closed`"),
        (Fault::CountsDamage, "nothing is damaged"),
    ] {
        let found = broken_rule(fault).unwrap_or_default();
        assert!(found.contains(rule), "{fault:?}: {found}");
    }
}

#[test]
fn a_journal_that_anyone_may_open_is_found() {
    let (_env, manual) = Env::manual();
    let disk = SimulatedDisk::new();
    let found =
        catch_unwind(AssertUnwindSafe(|| manual.block_on(refuses_a_second(async || Ok(disk.open())))));
    assert!(found.is_err());
}

/// What was acknowledged outlives a crash; what was not, may not; and its owner is heard no more.
#[test]
fn a_crash_keeps_what_was_acknowledged() {
    let (_env, manual) = Env::manual();
    let disk = SimulatedDisk::new();
    let record = |sequence| Record { sequence, bytes: vec![1] };
    let before = disk.open();
    manual.block_on(before.append(vec![record(1), record(2)])).unwrap();
    manual.block_on(before.settle(vec![1])).unwrap();
    disk.crash();
    assert!(manual.block_on(before.append(vec![record(3)])).is_err());
    let found = manual.block_on(disk.open().recover()).unwrap();
    assert_eq!(found.records, [record(1), record(2)], "the settlement was not synced");
}
