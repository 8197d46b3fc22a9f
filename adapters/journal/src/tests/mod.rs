//! The log on a disk that is damaged, full, failing, or without power.

mod damage;
mod faults;
mod model;

use larder_core::{Record, Recovered};

use crate::disk::Disk;
use crate::faulty::Faulty;
use crate::log::Log;
use crate::options::Options;

pub(crate) fn record(sequence: u64, bytes: &[u8]) -> Record {
    Record { sequence, bytes: bytes.to_vec() }
}

pub(crate) fn small() -> Options {
    Options::new().segment_length(200)
}

pub(crate) fn open(disk: &Faulty, options: Options) -> Log<Faulty> {
    Log::open(disk.clone(), options).expect("it opens")
}

pub(crate) fn recovered<D: Disk>(log: &Log<D>) -> Recovered {
    log.recover().expect("it recovers")
}

pub(crate) fn sequences(recovered: &Recovered) -> Vec<u64> {
    recovered.records.iter().map(|record| record.sequence).collect()
}
