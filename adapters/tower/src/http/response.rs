//! A response as it is kept.

use std::fmt;

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, Response, StatusCode};
use http_body::Body;

use super::body::CachedBody;

/// A whole response: status, headers and body. Cloning it copies the headers, not the body.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers, as the service gave them.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl HttpResponse {
    pub(super) fn new(parts: Parts, body: Bytes) -> Self {
        Self { status: parts.status, headers: parts.headers, body }
    }

    pub(super) fn into_response<B: Body>(self) -> Response<CachedBody<B>> {
        let mut response = Response::new(CachedBody::kept(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

impl fmt::Debug for HttpResponse {
    /// Shows status and length: values don't belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("length", &self.body.len())
            .finish_non_exhaustive()
    }
}
