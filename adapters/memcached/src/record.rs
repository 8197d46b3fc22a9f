//! What one item holds: a head, and the envelope of a value; and how long the server is told to keep it.

use std::time::Duration;

use crate::reply::Reply;

/// What every value of ours begins with. The epoch follows (8 bytes), and for how many seconds the item is kept (4).
const MAGIC: &[u8; 4] = b"LM1V";

/// The length of a head.
const HEAD: usize = 16;

/// The longest time that the server takes as a duration: 30 days.
pub(crate) const LONGEST: u32 = 30 * 86_400;

/// For how long an item is kept, and whether that is less than it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) seconds: u32,
    is_cut: bool,
}

impl Kept {
    /// For an entry that is usable for `ttl`; `None`: for ever.
    ///
    /// The server counts whole seconds, and begins in the midst of one: it is told one more than it takes, so that it
    /// never ends an item too soon; who reads it counts one more as gone, so that none is served too late.
    pub(crate) fn of(ttl: Option<Duration>) -> Self {
        let seconds = ttl.map_or(u64::MAX, |ttl| {
            ttl.as_secs().saturating_add(u64::from(ttl.subsec_nanos() > 0)).saturating_add(1)
        });
        match u32::try_from(seconds) {
            Ok(seconds) if seconds <= LONGEST => Self { seconds, is_cut: false },
            _ => Self { seconds: LONGEST, is_cut: true },
        }
    }

    /// The number stored beside a value, by which its end is known without reading it.
    pub(crate) const fn flags(self, epoch: u64) -> u32 {
        ((epoch as u32) << 1) | self.is_cut as u32
    }
}

/// A value as it is stored.
pub(crate) fn written(epoch: u64, kept: Kept, envelope: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + envelope.len());
    bytes.extend(MAGIC);
    bytes.extend(epoch.to_be_bytes());
    bytes.extend(kept.seconds.to_be_bytes());
    bytes.extend(envelope);
    bytes
}

/// What an item was found to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Held<'a> {
    /// A stub, what a clear has left behind, or what somebody marked stale.
    Nothing,
    /// Something that is no value of ours.
    Strange,
    /// A value's envelope, and how long it has lain at most.
    Value { envelope: &'a [u8], elapsed: Duration },
}

impl<'a> Held<'a> {
    /// What the item is, to who knows the epoch.
    pub(crate) fn read(reply: &'a Reply, epoch: u64) -> Self {
        if reply.stale || reply.value.is_empty() {
            return Self::Nothing;
        }
        let Some((head, envelope)) = reply.value.split_first_chunk::<HEAD>() else { return Self::Strange };
        let [m0, m1, m2, m3, rest @ ..] = head;
        let (of, kept) = rest.split_at(8);
        if [*m0, *m1, *m2, *m3] != *MAGIC {
            return Self::Strange;
        }
        if of != epoch.to_be_bytes() {
            return Self::Nothing;
        }
        let kept = kept.first_chunk().map_or(0, |kept| i64::from(u32::from_be_bytes(*kept)));
        match reply.left {
            Some(left @ 0..) if left <= kept => {
                let elapsed = Duration::from_secs((kept - left) as u64 + 1);
                Self::Value { envelope, elapsed }
            }
            // Its time was changed by somebody: how long it has lain nobody knows.
            _ => Self::Strange,
        }
    }
}

/// Whether the item is a usable value, as far as what lies beside it tells.
pub(crate) fn is_usable(reply: &Reply, epoch: u64) -> bool {
    let of_epoch = reply.flags >> 1 == (epoch as u32) & (u32::MAX >> 1);
    let least = if reply.flags & 1 == 1 { 1 } else { 3 };
    !reply.stale && of_epoch && reply.left.is_some_and(|left| left >= least)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reply(value: Vec<u8>, left: i64, flags: u32) -> Reply {
        Reply { value, left: Some(left), flags, ..Reply::default() }
    }

    proptest! {
        #[test]
        fn an_entry_ends_before_its_time_and_at_most_two_seconds(
            nanos in 1_u64..20_000_000_000,
            begun in 0_u64..1_000_000_000,
            later in 0_u64..20_000_000_000,
        ) {
            let ttl = Duration::from_nanos(nanos);
            let kept = Kept::of(Some(ttl));
            // The server's seconds begin where they will: the item was written `begun` into one.
            let ticks = (begun + later) / 1_000_000_000;
            let left = i64::from(kept.seconds) - i64::try_from(ticks).unwrap();
            let reply = reply(written(7, kept, b"e"), left, kept.flags(7));
            let is_over = later >= nanos;
            prop_assert!(left > 0 || is_over, "the server has ended it too soon");
            if left >= 0 {
                let Held::Value { elapsed, .. } = Held::read(&reply, 7) else { panic!("it is a value") };
                prop_assert!(elapsed > Duration::from_nanos(later));
                prop_assert!(elapsed <= Duration::from_nanos(later) + Duration::from_secs(2));
                prop_assert_eq!(is_usable(&reply, 7), elapsed < ttl, "both ways of telling agree");
            }
        }
    }

    #[test]
    fn what_is_not_ours_or_of_another_epoch_is_no_value() {
        let kept = Kept::of(None);
        let whole = written(7, kept, b"envelope");
        let held = |value: &[u8]| format!("{:?}", Held::read(&reply(value.to_vec(), 9, 0), 7));
        assert!(held(&whole).starts_with("Value"));
        assert_eq!(held(b""), "Nothing");
        for at in 1..HEAD {
            assert_eq!(held(&whole[..at]), "Strange");
        }
        for at in 0..12 {
            let mut other = whole.clone();
            other[at] ^= 1;
            assert_eq!(held(&other), if at < 4 { "Strange" } else { "Nothing" });
        }
        let stale = Reply { stale: true, ..reply(whole.clone(), 9, kept.flags(7)) };
        assert_eq!((Held::read(&stale, 7), is_usable(&stale, 7)), (Held::Nothing, false));
        let touched = reply(whole, i64::from(LONGEST) + 1, 0);
        assert_eq!(Held::read(&touched, 7), Held::Strange);
    }

    #[test]
    fn what_never_ends_and_what_ends_after_a_month_is_kept_for_a_month() {
        for ttl in [None, Some(Duration::MAX), Some(Duration::from_hours(24 * 30))] {
            let kept = Kept::of(ttl);
            assert_eq!((kept.seconds, kept.flags(0)), (LONGEST, 1));
        }
        assert_eq!(Kept::of(Some(Duration::from_millis(1))).seconds, 2);
    }
}
