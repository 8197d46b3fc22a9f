//! The suite catches policies that break their promises.

use std::cell::Cell;

use larder_core::Hits;

use super::*;

/// A FIFO with one defect.
#[derive(Debug, Default)]
struct Defective {
    queue: Vec<Slot>,
    left: Vec<Slot>,
    defect: Defect,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Defect {
    #[default]
    None,
    NamesOneTwice,
    NamesARemovedOne,
    LosesOne,
    NeverForgets,
    TakesTheNewest,
    PanicsOnStrangers,
    Whims(bool),
    WaitsForAQuietMoment,
}

impl EvictionPolicy for Defective {
    fn hits(&self) -> Hits {
        Hits::Noted
    }
    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.queue.retain(|&other| other != slot);
        self.queue.push(slot);
    }
    fn on_update(&mut self, _slot: Slot, _weight: u32) {}
    fn on_hit(&mut self, slot: Slot) {
        if self.defect == Defect::PanicsOnStrangers {
            assert!(self.queue.contains(&slot), "a stranger");
        }
    }
    fn on_remove(&mut self, slot: Slot) {
        if self.defect != Defect::NamesARemovedOne {
            self.queue.retain(|&other| other != slot);
        }
    }
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        match self.defect {
            Defect::NamesOneTwice => return self.queue.first().copied(),
            Defect::LosesOne if self.queue.len() == 3 => drop(self.queue.pop()),
            Defect::NeverForgets => self.left.extend(self.queue.first()),
            Defect::TakesTheNewest | Defect::Whims(true) => return self.queue.pop(),
            Defect::WaitsForAQuietMoment => {
                while !self.queue.is_empty() && self.queue.iter().all(|&slot| marks.take(slot) != 0) {}
            }
            _ => {}
        }
        (!self.queue.is_empty()).then(|| self.queue.remove(0))
    }
}

fn with(defect: Defect) -> impl Fn(u64) -> Defective {
    move |_| Defective { defect, ..Defective::default() }
}

#[test]
fn a_policy_without_defects_passes_everything() {
    conforms(with(Defect::None));
    matches_model(with(Defect::None), with(Defect::NeverForgets));
    forgets_strangers(with(Defect::None));
    ignores_unknown_slots(with(Defect::None));
    admits_when_small(with(Defect::None));
}

#[test]
#[should_panic(expected = "which holds nothing")]
fn a_slot_named_twice_is_caught() {
    conforms(with(Defect::NamesOneTwice));
}

#[test]
#[should_panic(expected = "which holds nothing")]
fn a_removed_slot_named_is_caught() {
    conforms(with(Defect::NamesARemovedOne));
}

#[test]
#[should_panic(expected = "evict says None although")]
fn a_lost_slot_is_caught() {
    conforms(with(Defect::LosesOne));
}

#[test]
#[should_panic(expected = "the same calls named other victims")]
fn a_policy_that_decides_otherwise_the_next_time_is_caught() {
    let made = Cell::new(false);
    conforms(|_| Defective { defect: Defect::Whims(made.replace(!made.get())), ..Defective::default() });
}

#[test]
#[should_panic(expected = "its Debug text grew")]
fn a_policy_that_never_forgets_is_caught() {
    forgets_strangers(with(Defect::NeverForgets));
}

#[test]
#[should_panic(expected = "the policy evicts")]
fn another_order_than_the_models_is_caught() {
    matches_model(with(Defect::TakesTheNewest), with(Defect::None));
}

#[test]
#[should_panic(expected = "refuses all that is new")]
fn a_policy_that_admits_nobody_is_caught() {
    admits_when_small(with(Defect::TakesTheNewest));
}

#[test]
#[should_panic(expected = "a stranger")]
fn a_policy_that_trusts_every_slot_is_caught() {
    ignores_unknown_slots(with(Defect::PanicsOnStrangers));
}

#[test]
#[should_panic(expected = "for ever")]
fn a_policy_that_waits_for_a_quiet_moment_is_caught() {
    conforms(|_| Defective { defect: Defect::WaitsForAQuietMoment, ..Defective::default() });
}
