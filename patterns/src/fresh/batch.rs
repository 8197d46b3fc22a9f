//! A batch of look-ups: one call of the loader for the keys that are missing or due and that nobody loads yet.

use std::sync::Arc;

use larder_core::{Lease, Loader, Lookup, Result, Store};

use super::decision::Decision;
use super::reload::Wanted;
use super::seek::{Asked, Boarded, Fresh, Sought};
use crate::flight::reentrance::Node;
use crate::flight::{Passenger, Seen};

/// A key of the batch that is not simply answered.
struct Seat<'k, S: Store> {
    asked: Asked<'k, S>,
    sought: Sought<S>,
    leads: bool,
}

enum Place<'k, S: Store> {
    Answered(Lookup<S::Value>),
    Seated(Seat<'k, S>),
}

impl<S: Store, L: Loader<S::Key, S::Value>> Fresh<S, L> {
    /// The answers to `keys`, of which the store said `found`.
    pub(super) async fn answer_many(
        &self,
        keys: &[S::Key],
        found: Vec<Lookup<S::Value>>,
        seen: Seen,
    ) -> Result<Vec<Lookup<S::Value>>> {
        let (node, patience) = (Node::new(), self.patience());
        let mut wanted = Vec::new();
        let mut places: Vec<_> = Vec::with_capacity(keys.len());
        for (key, lookup) in keys.iter().zip(found) {
            let (entry, lease) = match lookup {
                Lookup::Hit(entry) => (Some(entry), None),
                Lookup::Miss(lease) if lease.is_void() => {
                    places.push(Place::Answered(Lookup::Miss(lease)));
                    continue;
                }
                Lookup::Miss(lease) => (None, Some(lease)),
            };
            places.push(match self.asked(key, entry) {
                Asked { entry: Some(entry), decision: Decision::Serve, .. } => {
                    Place::Answered(Lookup::Hit(entry))
                }
                asked => Place::Seated(self.seat(asked, lease, seen, node, &mut wanted)),
            });
        }
        self.fly_all(wanted, node, &mut places);
        let mut answers = Vec::with_capacity(places.len());
        for place in places {
            answers.push(match place {
                Place::Answered(answer) => answer,
                Place::Seated(Seat { asked, sought, .. }) => self.conclude(asked, sought, patience).await?,
            });
        }
        Ok(answers)
    }

    fn seat<'k>(
        &self,
        asked: Asked<'k, S>,
        lease: Option<Lease>,
        seen: Seen,
        node: Node,
        wanted: &mut Vec<Wanted<S>>,
    ) -> Seat<'k, S> {
        let (sought, leads) = match self.board(asked.key, seen, node) {
            Boarded::Refused(refusal) => (Sought::Refused(refusal, lease), false),
            Boarded::Joined(flight) => {
                let own = lease.map(|lease| Passenger::of(&flight, lease));
                (Sought::Flight(flight, own), false)
            }
            Boarded::Leads(lead) => {
                let flight = Arc::clone(lead.flight());
                wanted.push(Wanted { key: asked.key.clone(), lease, old: asked.entry.clone(), lead });
                (Sought::Flight(flight, None), true)
            }
        };
        Seat { asked, sought, leads }
    }

    /// Starts the one load, and tells the seats that were to lead it if it may not be made.
    fn fly_all(&self, wanted: Vec<Wanted<S>>, node: Node, places: &mut [Place<'_, S>]) {
        let refusal = if wanted.is_empty() { None } else { self.fly(wanted, node).err() };
        for place in places {
            let Place::Seated(Seat { asked, sought, leads }) = place else { continue };
            if let (Some(refusal), true) = (&refusal, *leads) {
                *sought = Sought::Refused(refusal.clone(), None);
            }
            if asked.decision == Decision::ServeAndReload {
                self.count_sought(asked, sought);
            }
        }
    }
}
