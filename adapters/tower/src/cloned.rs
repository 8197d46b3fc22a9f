//! The rules for responses that can be cloned.

use std::fmt;

use larder_core::{Entry, Key, Value};

use crate::rules::{Rules, Taken};

/// Keeps clones of the responses that a predicate allows, under the key that a function gives. Errors are never kept.
pub struct Cloned<F, P> {
    key: F,
    admits: P,
}

impl<F, P> Cloned<F, P> {
    /// `key` gives the key of a request, all that its response depends on, or `None`: not cached. `admits` says which
    /// responses may be kept.
    pub const fn new(key: F, admits: P) -> Self {
        Self { key, admits }
    }
}

impl<Request, Response, K, F, P> Rules<Request, Response> for Cloned<F, P>
where
    Response: Value,
    K: Key,
    F: Fn(&Request) -> Option<K> + Send + Sync + 'static,
    P: Fn(&Response) -> bool + Send + Sync + 'static,
{
    type Key = K;
    type Value = Response;
    type Answer = Response;

    fn key(&self, request: &Request) -> Option<K> {
        (self.key)(request)
    }

    async fn take(&self, response: Response) -> Taken<Response, Response> {
        if (self.admits)(&response) { Taken::Kept(Entry::new(response)) } else { Taken::Passed(response) }
    }

    fn pass(&self, response: Response) -> Response {
        response
    }

    fn answer(&self, value: Response) -> Response {
        value
    }
}

impl<F, P> fmt::Debug for Cloned<F, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cloned").finish_non_exhaustive()
    }
}
