//! The key of an HTTP request.

use std::fmt;
use std::sync::Arc;

use http::header::HOST;
use http::{HeaderName, Request};

/// Host, path, query and the headers that responses vary by, as bytes: two requests have the same key only if all of
/// them are the same. Cloning it costs one reference count.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HttpKey(Arc<[u8]>);

impl HttpKey {
    /// The key of a `GET` of `path` (with its query) at `host`, without headers: to remove what is out of date.
    pub fn of(host: &str, path: &str) -> Self {
        Self::made(host.as_bytes(), path.as_bytes(), std::iter::empty())
    }

    pub(super) fn for_request<B>(request: &Request<B>, varies: &[HeaderName]) -> Self {
        let named = request.headers().get(HOST).map(http::HeaderValue::as_bytes);
        let host = request.uri().authority().map(|authority| authority.as_str().as_bytes()).or(named);
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        Self::made(host.unwrap_or_default(), path.as_bytes(), varies.iter().map(|name| values(request, name)))
    }

    /// Each part after its length, so that no two lists of parts are alike.
    fn made(host: &[u8], path: &[u8], varies: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut key = Vec::with_capacity(16 + host.len() + path.len());
        part(&mut key, &host.to_ascii_lowercase());
        part(&mut key, path);
        varies.for_each(|values| part(&mut key, &values));
        Self(key.into())
    }
}

/// All values of a header, each after its length: a header that is missing is not one that is empty.
fn values<B>(request: &Request<B>, name: &HeaderName) -> Vec<u8> {
    let mut all = Vec::new();
    request.headers().get_all(name).iter().for_each(|value| part(&mut all, value.as_bytes()));
    all
}

fn part(key: &mut Vec<u8>, bytes: &[u8]) {
    key.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    key.extend_from_slice(bytes);
}

impl AsRef<[u8]> for HttpKey {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for HttpKey {
    /// Shows nothing: keys don't belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpKey")
    }
}
