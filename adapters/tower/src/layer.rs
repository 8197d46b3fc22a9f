//! The layer, and the service that it makes.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use larder_core::{BoxFuture, Filled, Key, Lease, Lookup, Store, Value};
use tower_layer::Layer;
use tower_service::Service;

use crate::flight::{Flights, Lead, Outcome, Part};
use crate::rules::{Rules, Taken};
use crate::stats::{Counts, ServiceStats};

/// How many calls of others a request waits for before it calls for itself.
const PATIENCE: usize = 2;

/// Caches the responses of the services it wraps. Its clones share the store, the calls under way and the counts.
///
/// # When something fails
///
/// - **The service fails**: the error goes to the caller whose request it was. Nothing is kept. Of those who waited one calls
///   next; if that fails, too, those who still wait call for themselves, so that nobody waits for more than two calls of
///   others. (Errors of services can't be cloned, or all would get the first.)
/// - **It panics**, or its caller gives up: the same for those who waited.
/// - **A response may not be kept**: its caller gets it; those who waited call for themselves, all at once.
/// - **The store fails**: the service answers, and the failure is counted. A cache fault never fails a request. A store that
///   is slow or hangs makes requests slow: give it a deadline (`within`, of the patterns).
/// - **A key is removed while the service works on it**: its caller gets the response, the store does not; those who waited
///   look again.
///
/// # Backpressure
///
/// The layer is ready when the service is, for a hit, too; a request takes the service that became ready with it and
/// leaves a clone behind. While it waits for another's call it holds what it was promised: a permit of a limit, say. So a
/// limit that hits should not meet belongs where the service calls on, not right below the layer.
pub struct CacheLayer<S: Store, R>(Arc<Shared<S, R>>);

/// A service whose responses are cached. Made by [`CacheLayer`].
pub struct Cached<T, S: Store, R> {
    inner: T,
    shared: Arc<Shared<S, R>>,
}

struct Shared<S: Store, R> {
    store: S,
    rules: R,
    flights: Flights<S::Key, S::Value>,
    counts: Counts,
}

/// How a request is to be answered.
enum Way<'a, K: Key, V: Value> {
    From(V),
    Lead(Lead<'a, K, V>, Lease),
    Alone,
}

impl<S: Store, R> CacheLayer<S, R> {
    /// Caches in `store`, by `rules`.
    pub fn new(store: S, rules: R) -> Self {
        Self(Arc::new(Shared { store, rules, flights: Flights::new(), counts: Counts::default() }))
    }

    /// The store: to remove what is out of date.
    pub fn store(&self) -> &S {
        &self.0.store
    }

    /// What became of the requests so far.
    pub fn stats(&self) -> ServiceStats {
        self.0.counts.stats()
    }
}

impl<T, S: Store, R> Layer<T> for CacheLayer<S, R> {
    type Service = Cached<T, S, R>;

    fn layer(&self, inner: T) -> Self::Service {
        Cached { inner, shared: Arc::clone(&self.0) }
    }
}

impl<Request, T, S, R> Service<Request> for Cached<T, S, R>
where
    Request: Send + 'static,
    T: Service<Request, Response: Send, Error: Send, Future: Send> + Clone + Send + 'static,
    S: Store<Key = R::Key, Value = R::Value>,
    R: Rules<Request, T::Response>,
{
    type Response = R::Answer;
    type Error = T::Error;
    type Future = BoxFuture<'static, Result<R::Answer, T::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The one that is ready goes with the request; its clone is asked whether it is ready before the next.
        let clone = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, clone);
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.answer(ready, request).await })
    }
}

impl<S: Store, R> Shared<S, R> {
    async fn answer<Request, T>(&self, mut service: T, request: Request) -> Result<R::Answer, T::Error>
    where
        Request: Send + 'static,
        T: Service<Request, Response: Send, Error: Send, Future: Send> + Send + 'static,
        S: Store<Key = R::Key, Value = R::Value>,
        R: Rules<Request, T::Response>,
    {
        let Some(key) = self.rules.key(&request) else {
            self.counts.unkeyed.add();
            return service.call(request).await.map(|response| self.rules.pass(response));
        };
        match self.way(&key).await {
            Way::From(value) => Ok(self.rules.answer(value)),
            Way::Alone => {
                self.counts.alone.add();
                service.call(request).await.map(|response| self.rules.pass(response))
            }
            Way::Lead(lead, lease) => {
                self.counts.led.add();
                let lost = Lost(&self.counts, true);
                let response = service.call(request).await?;
                drop(service);
                let taken = self.rules.take(response).await;
                lost.ends_well();
                match self.keep(key, taken, lead, lease).await {
                    Ok(value) => Ok(self.rules.answer(value)),
                    Err(answer) => Ok(answer),
                }
            }
        }
    }

    /// Finds out how a request for `key` is to be answered: from the store, by another's call, or by one of its own.
    async fn way(&self, key: &S::Key) -> Way<'_, S::Key, S::Value> {
        let mut waited = 0;
        let mut looked_again = false;
        while waited < PATIENCE {
            let seen = Some(self.flights.ended()).filter(|_| !looked_again);
            let lease = match self.store.get(key).await {
                Ok(Lookup::Hit(entry)) => {
                    self.counts.hits.add();
                    return Way::From(entry.into_value());
                }
                Ok(Lookup::Miss(lease)) => lease,
                Err(_) => {
                    self.counts.store_failures.add();
                    return Way::Alone;
                }
            };
            match self.flights.join(key, seen) {
                Part::Lead(lead) => return Way::Lead(lead, lease),
                Part::LookAgain => looked_again = true,
                Part::Wait { flight, is_late } => match flight.wait().await {
                    Outcome::Kept(value) if !is_late => {
                        self.counts.shared.add();
                        return Way::From(value);
                    }
                    Outcome::Passed => return Way::Alone,
                    Outcome::Kept(_) | Outcome::Void | Outcome::Lost => waited += 1,
                },
            }
        }
        Way::Alone
    }

    /// Gives the store what may be kept, and ends the call for all who wait. What the caller gets: the value, or what is
    /// passed on to him.
    async fn keep<A>(
        &self,
        key: S::Key,
        taken: Taken<S::Value, A>,
        lead: Lead<'_, S::Key, S::Value>,
        lease: Lease,
    ) -> Result<S::Value, A> {
        let entry = match taken {
            Taken::Kept(entry) => entry,
            Taken::Passed(answer) => {
                self.counts.unkept.add();
                lead.land(Outcome::Passed);
                return Err(answer);
            }
        };
        let value = entry.value().clone();
        lead.fills();
        match self.store.fill(key, entry, lease).await {
            Ok(Filled::Stored(_)) => lead.land(Outcome::Kept(value.clone())),
            Ok(Filled::Void) => {
                self.counts.void.add();
                lead.land(Outcome::Void);
            }
            Err(_) => {
                self.counts.store_failures.add();
                lead.land(Outcome::Void);
            }
        }
        Ok(value)
    }
}

/// Counts a call as lost, unless it comes to an end.
struct Lost<'a>(&'a Counts, bool);

impl Lost<'_> {
    fn ends_well(mut self) {
        self.1 = false;
    }
}

impl Drop for Lost<'_> {
    fn drop(&mut self) {
        if self.1 {
            self.0.lost.add();
        }
    }
}

impl<S: Store, R> Clone for CacheLayer<S, R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Clone, S: Store, R> Clone for Cached<T, S, R> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<S: Store, R> fmt::Debug for CacheLayer<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheLayer").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl<T: fmt::Debug, S: Store, R> fmt::Debug for Cached<T, S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached").field("inner", &self.inner).finish_non_exhaustive()
    }
}
