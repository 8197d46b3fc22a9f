//! Which requests have a key, and which responses are kept, in what form.

use std::future::Future;

use larder_core::{Entry, Key, Value};

/// What a cache must know of requests and responses.
///
/// [`Cloned`](crate::Cloned) is for responses that can be cloned, `Http` for those of HTTP. A rule of yours that panics does
/// so in the request that it was asked about, and in no other.
pub trait Rules<Request, Response>: Send + Sync + 'static {
    /// The store's keys.
    type Key: Key;
    /// The form in which responses are kept.
    type Value: Value;
    /// What callers get.
    type Answer: Send;

    /// The key of `request`: all that its response depends on. `None`: neither looked up nor kept.
    fn key(&self, request: &Request) -> Option<Self::Key>;

    /// The response in the form to keep, or what to pass on instead. May wait: for a body, say.
    fn take(&self, response: Response) -> impl Future<Output = Taken<Self::Value, Self::Answer>> + Send;

    /// What the caller gets of a response that is not to be kept.
    fn pass(&self, response: Response) -> Self::Answer;

    /// What the caller gets of one that was.
    fn answer(&self, value: Self::Value) -> Self::Answer;
}

/// A response that was looked at.
pub enum Taken<V, A> {
    /// It may be kept. The entry says for how long, or leaves it to the store.
    Kept(Entry<V>),
    /// It may not; this is what its caller gets.
    Passed(A),
}

impl<V, A> std::fmt::Debug for Taken<V, A> {
    /// Shows which one: values don't belong in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Kept(_) => "Kept",
            Self::Passed(_) => "Passed",
        })
    }
}
