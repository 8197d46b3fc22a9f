//! Loads that wait for loads: a circle of them is found before it closes.
//!
//! Each load has a node. While a load's future is polled its node is the thread's current one, so whoever waits for
//! another load inside it is known, and an edge stands for the wait. Only waits inside loads touch the graph.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use larder_core::{Error, ErrorKind, Result};
use parking_lot::Mutex;

/// Which node waits for which, in the whole process: a circle may lead through several caches.
static WAITS: LazyLock<Mutex<HashMap<Node, Vec<Node>>>> = LazyLock::new(Mutex::default);

thread_local! {
    static CURRENT: Cell<Option<Node>> = const { Cell::new(None) };
}

/// A load, as others wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Node(u64);

impl Node {
    /// A node like no other of the process.
    pub(crate) fn new() -> Self {
        static NODES: AtomicU64 = AtomicU64::new(0);
        Self(NODES.fetch_add(1, Ordering::Relaxed))
    }

    /// Makes this the current node until the guard is dropped.
    pub(crate) fn enter(self) -> Entered {
        Entered { before: CURRENT.replace(Some(self)) }
    }

    /// Says that the current load, if there is one, waits for this one until the guard is dropped. An error if this
    /// one waits for the current load already.
    pub(crate) fn await_in_current(self) -> Result<Option<Wait>> {
        let Some(current) = CURRENT.get() else { return Ok(None) };
        let mut waits = WAITS.lock();
        if leads_to(&waits, self, current) {
            return Err(Error::new(ErrorKind::Reentrant, "waiting for another load"));
        }
        waits.entry(current).or_default().push(self);
        Ok(Some(Wait { waiter: current, awaited: self }))
    }
}

/// Whether the thread is inside a load right now.
pub(crate) fn is_inside_load() -> bool {
    CURRENT.get().is_some()
}

/// Whether one who waits for `from` waits for `to`.
fn leads_to(waits: &HashMap<Node, Vec<Node>>, from: Node, to: Node) -> bool {
    let mut open = vec![from];
    let mut seen = Vec::new();
    while let Some(node) = open.pop() {
        if node == to {
            return true;
        }
        if !seen.contains(&node) {
            seen.push(node);
            open.extend(waits.get(&node).into_iter().flatten());
        }
    }
    false
}

/// While a node is the current one. Restores the one before, also when a poll panics.
pub(crate) struct Entered {
    before: Option<Node>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.before);
    }
}

/// While one load waits for another.
pub(crate) struct Wait {
    waiter: Node,
    awaited: Node,
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut waits = WAITS.lock();
        let Some(awaited) = waits.get_mut(&self.waiter) else { return };
        if let Some(at) = awaited.iter().position(|&node| node == self.awaited) {
            awaited.swap_remove(at);
        }
        if awaited.is_empty() {
            waits.remove(&self.waiter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_would_close_a_circle_is_an_error_until_the_circle_is_open_again() {
        let [one, two, three] = [Node::new(), Node::new(), Node::new()];
        let inside = |node: Node, other: Node| {
            let _entered = node.enter();
            other.await_in_current()
        };
        let first = inside(one, two).unwrap();
        let second = inside(two, three).unwrap();
        assert!(first.is_some() && second.is_some());
        assert_eq!(inside(three, one).err().map(|error| error.kind()), Some(ErrorKind::Reentrant));
        drop(second);
        assert!(inside(three, one).is_ok());
    }

    #[test]
    fn a_load_that_waits_for_itself_is_an_error_and_one_outside_all_loads_never_is() {
        let node = Node::new();
        assert!(node.await_in_current().unwrap().is_none(), "no load is current");
        let _entered = node.enter();
        assert!(is_inside_load());
        assert!(node.await_in_current().is_err());
    }
}
