//! A hierarchical timing wheel: finds expired entries, exact to the nanosecond, in O(1) amortised.
//!
//! After Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987. Eleven levels of 64 buckets cover
//! all 62 bits of a time: an entry sits in the level of the highest 6-bit digit in which its deadline differs from
//! the wheel's own time, and moves down as that time comes near. Empty stretches are skipped by bitmaps, so the
//! resolution costs nothing.

const LEVELS: usize = 11;
const DIGIT: u32 = 6;
const BUCKETS: usize = 1 << DIGIT;
const NONE: u32 = u32::MAX;
const UNSCHEDULED: u16 = u16::MAX;

/// Slots by deadline. Deadlines are asked from the caller when they matter, so one that moved back in the meantime
/// just makes its slot wait on.
#[derive(Default)]
pub(super) struct Wheel {
    /// Every deadline up to here has been handed out, but for those in the bucket being drained.
    elapsed: u64,
    /// The bucket whose time has come, while it has slots.
    draining: Option<u16>,
    levels: Vec<Level>,
    links: Vec<Link>,
}

#[derive(Clone)]
struct Level {
    occupied: u64,
    heads: [u32; BUCKETS],
}

#[derive(Clone, Copy)]
struct Link {
    prev: u32,
    next: u32,
    bucket: u16,
}

impl Wheel {
    /// Waits for `slot` until `when`; one that waits already waits for this instead.
    pub(super) fn schedule(&mut self, slot: u32, when: u64) {
        self.cancel(slot);
        if self.levels.is_empty() {
            self.levels = vec![Level { occupied: 0, heads: [NONE; BUCKETS] }; LEVELS];
        }
        if self.links.len() <= slot as usize {
            self.links.resize(slot as usize + 1, Link { prev: NONE, next: NONE, bucket: UNSCHEDULED });
        }
        self.link(slot, bucket_of(self.elapsed, when));
    }

    /// Waits for `slot` no longer. Harmless for one that is not waiting.
    pub(super) fn cancel(&mut self, slot: u32) {
        let Some(&Link { prev, next, bucket }) = self.links.get(slot as usize) else { return };
        if bucket == UNSCHEDULED {
            return;
        }
        self.links[slot as usize].bucket = UNSCHEDULED;
        if next != NONE {
            self.links[next as usize].prev = prev;
        }
        if prev != NONE {
            self.links[prev as usize].next = next;
            return;
        }
        let (level, index) = parts(bucket);
        self.levels[level].heads[index] = next;
        if next == NONE {
            self.levels[level].occupied &= !(1 << index);
        }
    }

    /// Whether nothing was ever scheduled.
    #[inline]
    pub(super) const fn is_unused(&self) -> bool {
        self.levels.is_empty()
    }

    /// A slot whose deadline, as `deadline_of` tells it, is not after `now`; it waits no longer.
    pub(super) fn pop_due(&mut self, now: u64, deadline_of: impl Fn(u32) -> u64) -> Option<u32> {
        loop {
            let Some(bucket) = self.draining.or_else(|| self.next_bucket(now)) else {
                self.elapsed = self.elapsed.max(now);
                return None;
            };
            let (level, index) = parts(bucket);
            let slot = self.levels[level].heads[index];
            if slot == NONE {
                self.draining = None;
                continue;
            }
            self.draining = Some(bucket);
            self.cancel(slot);
            let when = deadline_of(slot);
            if when <= now {
                return Some(slot);
            }
            self.link(slot, bucket_of(self.elapsed, when));
        }
    }

    /// Forgets all slots.
    pub(super) fn clear(&mut self) {
        self.draining = None;
        self.levels.clear();
        self.links.clear();
    }

    /// The earliest occupied bucket, if its time has come; the wheel's time moves on to it.
    fn next_bucket(&mut self, now: u64) -> Option<u16> {
        let level = self.levels.iter().position(|level| level.occupied != 0)?;
        let index = self.levels[level].occupied.trailing_zeros();
        let shift = DIGIT * level as u32;
        let start = above(self.elapsed, shift + DIGIT) | u64::from(index) << shift;
        if start > now {
            return None;
        }
        self.elapsed = self.elapsed.max(start);
        Some((level * BUCKETS) as u16 + index as u16)
    }

    fn link(&mut self, slot: u32, bucket: u16) {
        let (level, index) = parts(bucket);
        let next = std::mem::replace(&mut self.levels[level].heads[index], slot);
        self.levels[level].occupied |= 1 << index;
        self.links[slot as usize] = Link { prev: NONE, next, bucket };
        if next != NONE {
            self.links[next as usize].prev = slot;
        }
    }
}

/// The bucket for a deadline, seen from `elapsed`: by the highest digit in which they differ.
fn bucket_of(elapsed: u64, when: u64) -> u16 {
    let when = when.max(elapsed);
    let level = (elapsed ^ when).checked_ilog2().unwrap_or(0) / DIGIT;
    let index = (when >> (DIGIT * level)) as usize % BUCKETS;
    (level as usize * BUCKETS + index) as u16
}

fn parts(bucket: u16) -> (usize, usize) {
    (usize::from(bucket) / BUCKETS, usize::from(bucket) % BUCKETS)
}

/// `time` without its lowest `bits`.
fn above(time: u64, bits: u32) -> u64 {
    time.checked_shr(bits).map_or(0, |high| high << bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn drain(wheel: &mut Wheel, now: u64, deadlines: &BTreeMap<u32, u64>) -> Vec<u32> {
        let mut due: Vec<u32> = std::iter::from_fn(|| wheel.pop_due(now, |slot| deadlines[&slot])).collect();
        due.sort_unstable();
        due
    }

    #[test]
    fn a_deadline_is_due_at_its_very_nanosecond() {
        for when in [1, 63, 64, 4_095, 4_096, 1 << 40, (1 << 62) - 2] {
            let mut wheel = Wheel::default();
            wheel.schedule(0, when);
            assert_eq!(wheel.pop_due(when - 1, |_| when), None, "{when}");
            assert_eq!(wheel.pop_due(when, |_| when), Some(0), "{when}");
            assert_eq!(wheel.pop_due(when, |_| when), None, "{when}");
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Schedule { slot: u32, after: u64 },
        Cancel { slot: u32 },
        Postpone { slot: u32, by: u64 },
        Pop,
        Advance { by: u64 },
    }

    fn step() -> impl Strategy<Value = Step> {
        let span = prop_oneof![0_u64..100, 0_u64..10_000, 0_u64..1 << 45];
        prop_oneof![
            (0_u32..20, span.clone()).prop_map(|(slot, after)| Step::Schedule { slot, after }),
            (0_u32..20).prop_map(|slot| Step::Cancel { slot }),
            (0_u32..20, span.clone()).prop_map(|(slot, by)| Step::Postpone { slot, by }),
            Just(Step::Pop),
            span.prop_map(|by| Step::Advance { by }),
        ]
    }

    proptest! {
        #[test]
        fn it_hands_out_exactly_what_a_sorted_list_would(steps in proptest::collection::vec(step(), 1..200)) {
            let (mut wheel, mut model, mut now) = (Wheel::default(), BTreeMap::new(), 0_u64);
            for step in steps {
                match step {
                    Step::Schedule { slot, after } => {
                        model.insert(slot, now + after);
                        wheel.schedule(slot, now + after);
                    }
                    Step::Cancel { slot } => {
                        model.remove(&slot);
                        wheel.cancel(slot);
                    }
                    Step::Postpone { slot, by } => {
                        if let Some(when) = model.get_mut(&slot) {
                            *when += by;
                        }
                    }
                    Step::Pop => {
                        let popped = wheel.pop_due(now, |slot| model[&slot]);
                        match popped {
                            Some(slot) => prop_assert!(model.remove(&slot).unwrap() <= now),
                            None => prop_assert!(model.values().all(|when| *when > now)),
                        }
                    }
                    Step::Advance { by } => now += by,
                }
            }
            let expected: Vec<u32> = model.iter().filter(|(_, when)| **when <= now).map(|(slot, _)| *slot).collect();
            prop_assert_eq!(drain(&mut wheel, now, &model), expected);
        }
    }
}
