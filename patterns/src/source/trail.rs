//! The trail of a look-up: how far it went, told to whoever follows it, and to nobody else.
//!
//! It is told out of band: what is found passes through stores that know nothing of levels. A look-up that is answered at
//! once leaves no trail, which reads as "the nearest level", so a near hit does nothing for it; one that has to wait
//! looks at one thread-local word.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;

thread_local! {
    /// The trail of what is polled right now, if anybody follows it.
    static FOLLOWED: Cell<Option<Trail>> = const { Cell::new(None) };
}

/// How far a look-up went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trail {
    /// The level that answered, from the nearest, 0.
    pub(crate) level: usize,
    /// The farthest level that was asked.
    pub(crate) reached: usize,
    /// Whether the answer was loaded.
    pub(crate) is_loaded: bool,
}

impl Trail {
    /// The trail of a look-up that went on from here to a store beyond `passed` levels.
    pub(crate) const fn beyond(self, passed: usize) -> Self {
        Self { level: self.level + passed, reached: self.reached + passed, is_loaded: self.is_loaded }
    }

    /// Leaves this trail to who follows, instead of any before: of several look-ups the last one answered.
    pub(crate) fn leave(self) {
        if is_followed() {
            FOLLOWED.set(Some(self));
        }
    }
}

/// Says that the answer was loaded.
pub(crate) fn leave_loaded() {
    FOLLOWED.set(FOLLOWED.get().map(|trail| Trail { is_loaded: true, ..trail }));
}

/// Does `look_up`, and tells how far it went.
pub(crate) async fn follow<T>(look_up: impl Future<Output = T>) -> (T, Trail) {
    let (mut look_up, mut trail) = (pin!(look_up), Trail::default());
    let found = poll_fn(|cx| {
        let _outer = Outer(FOLLOWED.replace(Some(trail)));
        let found = look_up.as_mut().poll(cx);
        trail = FOLLOWED.get().unwrap_or_default();
        found
    });
    let found = found.await;
    (found, trail)
}

/// The same where somebody follows already; elsewhere `look_up` and nothing else.
pub(crate) async fn follow_on<T>(look_up: impl Future<Output = T>) -> (T, Trail) {
    let (mut look_up, mut trail) = (pin!(look_up), Trail::default());
    let found = poll_fn(|cx| {
        if !is_followed() {
            return look_up.as_mut().poll(cx);
        }
        let _outer = Outer(FOLLOWED.replace(Some(trail)));
        let found = look_up.as_mut().poll(cx);
        trail = FOLLOWED.get().unwrap_or_default();
        found
    });
    let found = found.await;
    (found, trail)
}

fn is_followed() -> bool {
    FOLLOWED.get().is_some()
}

/// What was followed before. It is again when this is dropped, by a panic, too.
struct Outer(Option<Trail>);

impl Drop for Outer {
    fn drop(&mut self) {
        FOLLOWED.set(self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done,
            Poll::Pending => panic!("it waits"),
        }
    }

    const FAR: Trail = Trail { level: 1, reached: 2, is_loaded: false };

    #[test]
    fn a_trail_reaches_who_follows_and_is_gone_afterwards() {
        let ((), trail) = now(follow(async { FAR.leave() }));
        assert_eq!(trail, FAR);
        assert!(!is_followed());
        FAR.leave();
        leave_loaded();
        assert!(!is_followed(), "nobody asked");
    }

    #[test]
    fn an_inner_trail_is_its_own_until_it_is_passed_on() {
        let ((), trail) = now(follow(async {
            let ((), inner) = follow_on(async { FAR.leave() }).await;
            assert_eq!(FOLLOWED.get(), Some(Trail::default()));
            inner.beyond(2).leave();
        }));
        assert_eq!((trail.level, trail.reached), (3, 4));
        assert_eq!(now(follow_on(async { FAR.leave() })).1, Trail::default(), "nobody follows");
    }

    #[test]
    fn of_two_that_are_polled_in_turns_each_has_its_own() {
        let mut turn = false;
        let waits =
            poll_fn(|_| if std::mem::replace(&mut turn, true) { Poll::Ready(()) } else { Poll::Pending });
        let mut slow = Box::pin(follow(async {
            waits.await;
            FAR.leave();
        }));
        let mut context = Context::from_waker(Waker::noop());
        assert!(slow.as_mut().poll(&mut context).is_pending());
        assert!(!is_followed());
        assert_eq!(now(follow(ready(()))).1, Trail::default());
        assert_eq!(slow.as_mut().poll(&mut context), Poll::Ready(((), FAR)));
    }

    #[test]
    fn a_panic_leaves_nobody_followed() {
        let panics = std::panic::AssertUnwindSafe(|| now(follow(async { panic!("in a store") })));
        assert!(std::panic::catch_unwind(panics).is_err());
        assert!(!is_followed());
    }
}
