//! A write to the origin as it is made: its panics caught, its time bounded.

use larder_core::{BoxFuture, Change, Key, Result, Value, Writer};

use crate::bounded::{bounded, panicked};
use crate::panics::caught;

/// Makes `changes` at the origin, in one call of the writer. A panic of the writer is an error; so is the end of
/// `deadline`, which drops the write.
pub(crate) async fn write<K: Key, V: Value>(
    writer: &impl Writer<K, V>,
    changes: &[Change<K, V>],
    deadline: Option<BoxFuture<'static, ()>>,
) -> Result<()> {
    let begin = || match changes {
        [change] => writer.write(change),
        changes => writer.write_many(changes),
    };
    let write = caught(begin).ok_or_else(|| panicked(DOING))?;
    bounded(write, deadline, DOING, || ()).await
}

const DOING: &str = "writing";
