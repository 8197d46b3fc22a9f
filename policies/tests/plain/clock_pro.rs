//! CLOCK-Pro as its paper draws it: one list of hot and tested pages, from its tail, where the hand for hot pages is.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

#[derive(Clone, Copy)]
struct Page {
    slot: Option<Slot>,
    hash: u64,
    weight: u64,
    hot: bool,
}

pub(crate) struct ClockPro {
    list: Vec<Page>,
    /// The resident cold pages in the order that their hand meets them.
    cold: Vec<Page>,
    newest: Option<Page>,
    cold_share: u64,
    capacity: u64,
    slots: usize,
}

impl ClockPro {
    pub(crate) fn new(capacity: u64) -> Self {
        let cold_share = (capacity / 100).max(1);
        Self { list: Vec::new(), cold: Vec::new(), newest: None, cold_share, capacity, slots: 0 }
    }

    fn hot(&self) -> u64 {
        self.list.iter().filter(|page| page.hot).map(|page| page.weight).sum()
    }

    fn hot_share(&self) -> u64 {
        self.capacity.saturating_sub(self.cold_share)
    }

    fn favour_cold(&mut self, weight: u64) {
        self.cold_share = self.cold_share.saturating_add(weight).min(self.capacity.max(1));
    }

    fn settle(&mut self) {
        let Some(page) = self.newest.take() else { return };
        let ghost = self.list.iter().position(|other| other.slot.is_none() && other.hash == page.hash);
        if let Some(place) = ghost {
            self.list.remove(place);
            self.favour_cold(page.weight);
        }
        if ghost.is_some() || self.hot() + page.weight <= self.hot_share() {
            self.list.push(Page { hot: true, ..page });
        } else {
            self.cold.push(page);
            self.list.push(page);
        }
    }

    /// Ends the test of the page at `place` of the list.
    fn expire(&mut self, place: usize, marks: &Marks<'_>) {
        let page = self.list.remove(place);
        if page.slot.is_none_or(|slot| marks.get(slot) == 0) {
            self.cold_share = self.cold_share.saturating_sub(page.weight).max(1);
        }
    }

    fn run_hot_hand(&mut self, marks: &Marks<'_>) {
        while self.hot() > self.hot_share() || self.cold.is_empty() {
            let Some(place) = self.list.iter().position(|page| page.hot) else { return };
            let page = self.list.remove(place);
            if page.slot.is_some_and(|slot| marks.take(slot) != 0) {
                self.list.push(page);
            } else {
                self.cold.push(Page { hot: false, ..page });
            }
            while self.list.iter().any(|page| page.hot) && !self.list[0].hot {
                self.expire(0, marks);
            }
        }
    }

    fn run_test_hand(&mut self, marks: &Marks<'_>) {
        loop {
            let ghosts: Vec<&Page> = self.list.iter().filter(|page| page.slot.is_none()).collect();
            let weight: u64 = ghosts.iter().map(|page| page.weight).sum();
            if weight <= self.capacity && ghosts.len() <= self.slots * 4 {
                return;
            }
            let Some(place) = self.list.iter().position(|page| !page.hot) else { return };
            self.expire(place, marks);
        }
    }

    fn run_cold_hand(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        while !self.cold.is_empty() {
            let page = self.cold.remove(0);
            let slot = page.slot?;
            let tested = self.list.iter().position(|other| other.slot == page.slot);
            if marks.take(slot) == 0 {
                if let Some(place) = tested {
                    self.list[place] = Page { slot: None, ..page };
                    let twin = |other: &Page| other.slot.is_none() && other.hash == page.hash;
                    let older = self.list.iter().take(place).position(twin);
                    let newer =
                        self.list.iter().skip(place + 1).position(twin).map(|after| place + 1 + after);
                    older.or(newer).map(|twin| self.list.remove(twin));
                }
                return Some(slot);
            }
            if let Some(place) = tested {
                self.list.remove(place);
                self.favour_cold(page.weight);
                self.list.push(Page { hot: true, ..page });
                self.run_hot_hand(marks);
            } else {
                self.cold.push(page);
                self.list.push(page);
            }
        }
        None
    }
}

impl EvictionPolicy for ClockPro {
    fn hits(&self) -> Hits {
        Hits::Marked { max: 1 }
    }
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.settle();
        self.slots = self.slots.max(slot.index() + 1);
        self.newest = Some(Page { slot: Some(slot), hash, weight: u64::from(weight), hot: false });
    }
    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.settle();
        let all = self.cold.iter_mut().chain(self.list.iter_mut());
        all.filter(|page| page.slot == Some(slot)).for_each(|page| page.weight = u64::from(weight));
    }
    fn on_remove(&mut self, slot: Slot) {
        self.list.retain(|page| page.slot != Some(slot));
        self.cold.retain(|page| page.slot != Some(slot));
        self.newest = self.newest.filter(|page| page.slot != Some(slot));
    }
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        self.run_hot_hand(marks);
        let victim = self.run_cold_hand(marks).or_else(|| self.newest.take()?.slot);
        self.run_test_hand(marks);
        victim
    }
    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.cold_share = self.cold_share.min(capacity).max((capacity / 100).max(1));
        self.capacity = capacity;
    }
}
