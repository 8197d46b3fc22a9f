//! A batch of look-ups: one call of the loader for the keys that nobody loads yet.

use std::sync::Arc;

use larder_core::{BoxFuture, Entry, Lease, Loader, Lookup, Result, Store};

use super::ReadThrough;
use super::origin::{Found, Wanted};
use crate::flight::reentrance::Node;
use crate::flight::{Flight, Lead, Passenger, Seat, Seen, fly_many};

/// Where the answer to one key of the batch comes from.
enum Place<'k, S: Store> {
    Found(Entry<S::Value>),
    /// The store knows better than any load.
    Absent(Lease),
    Loading {
        key: &'k S::Key,
        flight: Arc<Flight<Found<S>>>,
        own: Option<Passenger>,
    },
}

/// The batch, boarded: a place for each key, and what this caller is to load.
struct Boarded<'k, S: Store> {
    places: Vec<Place<'k, S>>,
    leads: Vec<Lead<S::Key, Found<S>>>,
    wanted: Vec<Wanted<S>>,
}

impl<S: Store, L: Loader<S::Key, S::Value>> ReadThrough<S, L> {
    /// Puts what the origin has in the place of each miss.
    pub(super) async fn load_many(
        &self,
        keys: &[S::Key],
        found: Vec<Lookup<S::Value>>,
        seen: Seen,
    ) -> Result<Vec<Lookup<S::Value>>> {
        let Boarded { places, leads, wanted } = self.board_all(keys, found, seen);
        let (parts, env) = (Arc::clone(&self.parts), self.env.clone());
        let load: BoxFuture<'static, _> = Box::pin(async move { parts.fetch_many(&env, wanted).await });
        fly_many(leads, &self.env, self.deadline, load)?;
        let mut answers = Vec::with_capacity(places.len());
        for place in places {
            answers.push(match place {
                Place::Found(entry) => Lookup::Hit(entry),
                Place::Absent(lease) => Lookup::Miss(lease),
                Place::Loading { key, flight, own } => self.await_flight(key, &flight, own).await?,
            });
        }
        Ok(answers)
    }

    fn board_all<'k>(&self, keys: &'k [S::Key], found: Vec<Lookup<S::Value>>, seen: Seen) -> Boarded<'k, S> {
        let node = Node::new();
        let mut boarded =
            Boarded { places: Vec::with_capacity(keys.len()), leads: Vec::new(), wanted: Vec::new() };
        for (key, lookup) in keys.iter().zip(found) {
            boarded.places.push(match lookup {
                Lookup::Hit(entry) => Place::Found(entry),
                Lookup::Miss(lease) if lease.is_void() => Place::Absent(lease),
                Lookup::Miss(lease) => match self.flights.board(key, seen, node) {
                    Seat::Join(flight) => {
                        let own = Some(Passenger::of(&flight, lease));
                        Place::Loading { key, flight, own }
                    }
                    Seat::Lead(lead) => {
                        let flight = Arc::clone(lead.flight());
                        boarded.leads.push(lead);
                        boarded.wanted.push(Wanted { key: key.clone(), lease, flight: Arc::clone(&flight) });
                        Place::Loading { key, flight, own: None }
                    }
                },
            });
        }
        boarded
    }
}
