//! Which requests and responses of HTTP are cached.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, RANGE};
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode};
use http_body::Body;
use larder_core::Entry;

use super::body::{CachedBody, Read};
use super::directives::{Verdict, verdict};
use super::key::HttpKey;
use super::response::HttpResponse;
use crate::rules::{Rules, Taken};

/// Caches what a cache that many users share may: see below. Bodies are kept whole, within a limit.
///
/// # Requests
///
/// Only `GET`, without `Authorization`, `Range` or `Cache-Control: no-store`. The key is host, path, query and the headers
/// that were [said](Self::vary). **A service that looks at anything else of a request, a cookie say, must tell by `Vary` or
/// `private`**, as RFC 9111 has it; what it doesn't tell nobody can know.
///
/// # Responses
///
/// Only 200, unless [told](Self::statuses) otherwise, and never with `Set-Cookie`, `private`, `no-store`, `no-cache`, with a
/// `Vary` that names what the key lacks, with trailers or with a body over the limit. `s-maxage`, else `max-age`, less
/// `Age`, is the life of the entry; without them it is the store's default, unless there is an `Expires` or `Pragma`, at
/// which nobody guesses. So give the store a default life.
///
/// # When something fails
///
/// A body that fails is passed on up to the failure, and so is the failure. A header that can't be read is not kept.
#[derive(Clone, Debug)]
pub struct Http {
    varies: Vec<HeaderName>,
    statuses: Vec<StatusCode>,
    limit: usize,
}

impl Http {
    /// Bodies of up to `limit` bytes are kept; longer ones are passed on as they come.
    pub fn new(limit: usize) -> Self {
        Self { varies: Vec::new(), statuses: vec![StatusCode::OK], limit }
    }

    /// Makes these headers of requests part of the key, so that responses may vary by them.
    pub fn vary(mut self, headers: impl IntoIterator<Item = HeaderName>) -> Self {
        self.varies.extend(headers);
        self
    }

    /// Keeps responses with these statuses.
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = StatusCode>) -> Self {
        self.statuses = statuses.into_iter().collect();
        self
    }

    fn verdict<B>(&self, response: &Response<B>) -> Verdict {
        let headers = response.headers();
        if !self.statuses.contains(&response.status()) || self.is_too_long(headers) {
            return Verdict::Not;
        }
        verdict(headers, &self.varies)
    }

    fn is_too_long(&self, headers: &HeaderMap) -> bool {
        let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        length.is_some_and(|length| length > self.limit as u64)
    }
}

fn is_cacheable<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    let mut wishes = headers.get_all(CACHE_CONTROL).iter();
    let is_secret =
        wishes.any(|wish| wish.to_str().is_ok_and(|wish| wish.to_ascii_lowercase().contains("no-store")));
    let is_partial = headers.contains_key(AUTHORIZATION) || headers.contains_key(RANGE);
    request.method() == Method::GET && !is_secret && !is_partial
}

impl<Sent, B> Rules<Request<Sent>, Response<B>> for Http
where
    B: Body<Data = Bytes, Error: Send> + Send + 'static,
{
    type Key = HttpKey;
    type Value = HttpResponse;
    type Answer = Response<CachedBody<B>>;

    fn key(&self, request: &Request<Sent>) -> Option<HttpKey> {
        is_cacheable(request).then(|| HttpKey::for_request(request, &self.varies))
    }

    async fn take(&self, response: Response<B>) -> Taken<HttpResponse, Self::Answer> {
        let verdict = self.verdict(&response);
        let (parts, body) = response.into_parts();
        if verdict == Verdict::Not {
            return Taken::Passed(Response::from_parts(parts, CachedBody::passed(body)));
        }
        match CachedBody::read(body, self.limit).await {
            Read::Not(body) => Taken::Passed(Response::from_parts(parts, body)),
            Read::Whole(body) => {
                let entry = Entry::new(HttpResponse::new(parts, body));
                Taken::Kept(if let Verdict::For(life) = verdict { entry.ttl(life) } else { entry })
            }
        }
    }

    fn pass(&self, response: Response<B>) -> Self::Answer {
        response.map(CachedBody::passed)
    }

    fn answer(&self, value: HttpResponse) -> Self::Answer {
        value.into_response()
    }
}
