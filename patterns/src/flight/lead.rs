//! One load under way, as the one sees it who runs it.

use std::sync::Arc;
use std::time::Duration;

use larder_core::{BoxFuture, Env, Key, Result, Value};

use super::guarded::guarded;
use super::table::Table;
use super::wait::{Flight, dropped};

/// The duty to load for all who wait. Dropped before the flight has landed, it lands it as
/// [`Cancelled`](larder_core::ErrorKind::Cancelled).
pub(crate) struct Lead<K: Key, T: Value> {
    table: Arc<Table<K, T>>,
    flight: Arc<Flight<T>>,
    hash: u64,
    landed: bool,
}

impl<K: Key, T: Value> Lead<K, T> {
    pub(super) const fn new(table: Arc<Table<K, T>>, flight: Arc<Flight<T>>, hash: u64) -> Self {
        Self { table, flight, hash, landed: false }
    }

    /// The flight to wait for.
    pub(crate) const fn flight(&self) -> &Arc<Flight<T>> {
        &self.flight
    }

    /// Runs `load` in its own task, to its end, whoever waits. The flight to wait for.
    pub(crate) fn fly(
        self,
        env: &Env,
        deadline: Option<Duration>,
        load: BoxFuture<'static, Result<T>>,
    ) -> Result<Arc<Flight<T>>> {
        let flight = Arc::clone(&self.flight);
        let deadline = deadline.map(|deadline| env.sleep(deadline));
        env.spawn(async move {
            let outcome = guarded(self.flight.node, load, deadline).await;
            self.land(outcome);
        })?;
        Ok(flight)
    }

    /// Ends the flight with `outcome`, for all who wait.
    pub(crate) fn land(mut self, outcome: Result<T>) {
        self.finish(outcome);
    }

    /// Frees the slot, then wakes: who retries when woken must not meet this flight again.
    fn finish(&mut self, outcome: Result<T>) {
        self.landed = true;
        self.table.end(self.hash, &self.flight);
        self.flight.land(outcome);
        self.table.ended_one();
    }
}

/// Runs one `load` for all of `leads`, which share a node, in its own task. Its answers are in their order.
pub(crate) fn fly_many<K: Key, T: Value>(
    leads: Vec<Lead<K, T>>,
    env: &Env,
    deadline: Option<Duration>,
    load: BoxFuture<'static, Result<Vec<T>>>,
) -> Result<()> {
    let Some(node) = leads.first().map(|lead| lead.flight.node) else { return Ok(()) };
    let deadline = deadline.map(|deadline| env.sleep(deadline));
    env.spawn(async move {
        match guarded(node, load, deadline).await {
            Ok(answers) => leads.into_iter().zip(answers).for_each(|(lead, answer)| lead.land(Ok(answer))),
            Err(error) => leads.into_iter().for_each(|lead| lead.land(Err(error.clone()))),
        }
    })
}

impl<K: Key, T: Value> Drop for Lead<K, T> {
    fn drop(&mut self) {
        if !self.landed {
            self.finish(Err(dropped()));
        }
    }
}
