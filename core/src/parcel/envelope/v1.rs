//! Version 1 of the form, which is read but not written: everything in its place, whether there is something to say or not.

use super::super::label::Label;
use super::parts::Parts;
use super::times::{NONE, Times};

pub(super) const VERSION: u8 = 1;

/// ```text
/// 0     age, time it stays fresh, time it stays usable: nanoseconds, 2⁶⁴-1 for "never" and "not known"
/// 24    the label
/// …     the payload
/// ```
pub(super) fn read(covered: &[u8]) -> Option<Parts<'_>> {
    let (times, rest) = covered.split_first_chunk::<24>()?;
    let (label, payload) = Label::read(rest)?;
    let [age, fresh, usable] =
        [0, 8, 16].map(|at| times[at..].first_chunk().map_or(NONE, |word| u64::from_le_bytes(*word)));
    let age = if age == NONE { 0 } else { age };
    Some(Parts { times: Times { age, fresh, usable }, label, payload })
}
