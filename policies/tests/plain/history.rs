//! Ghosts in the order they left, the oldest first.

#[derive(Default)]
pub(crate) struct History<T> {
    ghosts: Vec<(u64, u64, T)>,
}

impl<T> History<T> {
    pub(crate) fn new() -> Self {
        Self { ghosts: Vec::new() }
    }

    pub(crate) fn remember(&mut self, hash: u64, weight: u64, note: T, limit: (u64, usize)) {
        if weight <= limit.0 {
            self.ghosts.retain(|ghost| ghost.0 != hash);
            self.ghosts.push((hash, weight, note));
            self.trim(limit);
        }
    }

    pub(crate) fn recall(&mut self, hash: u64) -> Option<T> {
        let place = self.ghosts.iter().position(|ghost| ghost.0 == hash)?;
        Some(self.ghosts.remove(place).2)
    }

    pub(crate) fn trim(&mut self, (weight, count): (u64, usize)) {
        while self.weight() > weight || self.ghosts.len() > count {
            self.ghosts.remove(0);
        }
    }

    pub(crate) fn weight(&self) -> u64 {
        self.ghosts.iter().map(|ghost| ghost.1).sum()
    }
}
