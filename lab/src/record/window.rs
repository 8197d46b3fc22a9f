//! The latest events in the order of their times, where a miss waits to learn how large its value is, how long it lives
//! and how long it took to load.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use foldhash::fast::FixedState;

use super::event::{Event, Kind};
use crate::trace::{Request, Sink};

/// How many events are looked over at a time; half of them are written then.
const LENGTH: usize = 1 << 15;

/// The latest events. A fill reaches back over at least 16,384 of them.
#[derive(Debug, Default)]
pub(super) struct Window {
    events: Vec<Event>,
}

impl Window {
    /// Adds `batch`, and writes to `sink` what nothing can be learned about any more. How many requests.
    pub(super) fn add(&mut self, batch: &[Event], sink: &mut dyn Sink) -> io::Result<u64> {
        self.events.extend_from_slice(batch);
        if self.events.len() < LENGTH { Ok(0) } else { self.write(self.events.len() / 2, sink) }
    }

    /// Writes all that is left.
    pub(super) fn finish(&mut self, sink: &mut dyn Sink) -> io::Result<u64> {
        self.write(self.events.len(), sink)
    }

    fn write(&mut self, count: usize, sink: &mut dyn Sink) -> io::Result<u64> {
        self.events.sort_by_key(|event| event.at);
        let requests = self.requests(count);
        self.events.drain(..count);
        requests.iter().try_for_each(|request| sink.write(request))?;
        Ok(requests.len() as u64)
    }

    /// The look-ups among the first `count` events. The fill that follows a miss tells what was missed.
    fn requests(&self, count: usize) -> Vec<Request> {
        let mut fills: HashMap<u64, &Event, FixedState> = HashMap::default();
        let mut requests = Vec::with_capacity(count);
        for (at, event) in self.events.iter().enumerate().rev() {
            let fill = match event.kind {
                Kind::Fill => {
                    fills.insert(event.key, event);
                    continue;
                }
                Kind::Hit => {
                    fills.remove(&event.key);
                    None
                }
                Kind::Miss => fills.get(&event.key).copied(),
            };
            if at < count {
                requests.push(request(event, fill));
            }
        }
        requests.reverse();
        requests
    }
}

fn request(event: &Event, fill: Option<&Event>) -> Request {
    let told = fill.unwrap_or(event);
    Request {
        size: told.size,
        at: Some(Duration::from_nanos(event.at)),
        ttl: told.ttl(),
        cost: fill.map(|fill| Duration::from_nanos(fill.at - event.at)),
        ..Request::new(event.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Kept(Vec<Request>);

    impl Sink for Kept {
        fn write(&mut self, request: &Request) -> io::Result<()> {
            self.0.push(*request);
            Ok(())
        }
        fn finish(self: Box<Self>) -> io::Result<()> {
            Ok(())
        }
    }

    fn told(events: &[Event]) -> Vec<(u64, u32, Option<u64>)> {
        let (mut window, mut kept) = (Window::default(), Kept::default());
        for batch in events.chunks(1_000) {
            window.add(batch, &mut kept).unwrap();
        }
        window.finish(&mut kept).unwrap();
        let nanos = |cost: Duration| cost.as_nanos() as u64;
        kept.0.iter().map(|one| (one.key, one.size, one.cost.map(nanos))).collect()
    }

    #[test]
    fn a_miss_learns_from_the_fill_that_follows() {
        let [miss, hit, fill] = [Kind::Miss, Kind::Hit, Kind::Fill];
        let events = [
            Event::new(miss, 1, 10, 1),
            Event::new(miss, 2, 11, 1),
            Event::new(fill, 1, 30, 500),
            Event::new(hit, 1, 40, 500),
            Event::new(miss, 1, 50, 1),
            Event::new(fill, 1, 55, 600),
        ];
        assert_eq!(
            told(&events),
            [(1, 500, Some(20)), (2, 1, None), (1, 500, None), (1, 600, Some(5))],
            "a miss that nobody answered keeps its size of 1"
        );
    }

    #[test]
    fn events_are_written_in_the_order_of_their_times() {
        let events: Vec<Event> =
            (0..100_000_u64).map(|at| Event::new(Kind::Hit, at ^ 255, at ^ 255, 1)).collect();
        let keys: Vec<u64> = told(&events).into_iter().map(|(key, ..)| key).collect();
        assert_eq!(keys.len(), 100_000);
        assert!(keys.is_sorted(), "they came 256 apart at most");
    }

    #[test]
    fn a_fill_reaches_back_over_many_requests() {
        let mut events = vec![Event::new(Kind::Miss, 7, 0, 1)];
        events.extend((1..16_000).map(|at| Event::new(Kind::Hit, 1_000 + at, at, 1)));
        events.push(Event::new(Kind::Fill, 7, 16_000, 90));
        events.extend((16_001..80_000).map(|at| Event::new(Kind::Hit, 1_000 + at, at, 1)));
        assert_eq!(told(&events)[0], (7, 90, Some(16_000)));
    }
}
