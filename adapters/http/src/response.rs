//! An answer as a value: status, headers, body.

use std::fmt;
use std::sync::Arc;

use reqwest::StatusCode;
use reqwest::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderName, HeaderValue,
    LAST_MODIFIED, SET_COOKIE, TRANSFER_ENCODING,
};

/// What concerns one connection, and is not kept; nor are cookies, which are for one client.
const NOT_KEPT: &[&str] = &[
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What belongs to the body, and stays with it when the rest is renewed. (RFC 9111, 3.2.)
const OF_THE_BODY: &[HeaderName] = &[CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING, CONTENT_RANGE];

/// No answer has more headers, however often it is renewed.
const MOST_HEADERS: usize = 256;

/// The answer of an HTTP origin. Cloned freely; the clones share one body.
///
/// The headers are those that came, without what concerns one connection and without cookies.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    head: Arc<Head>,
    body: Arc<Vec<u8>>,
}

#[derive(PartialEq, Eq)]
struct Head {
    status: StatusCode,
    headers: HeaderMap,
}

impl Response {
    pub(crate) fn new(status: StatusCode, headers: HeaderMap, body: Vec<u8>) -> Self {
        Self { head: Arc::new(Head { status, headers: kept(headers) }), body: Arc::new(body) }
    }

    /// The status: from 200 to 299.
    pub fn status(&self) -> u16 {
        self.head.status.as_u16()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The first header of that name, in whatever letters, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text, if it is UTF-8.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.body).ok()
    }

    /// The tag and the date by which the origin would know it again.
    pub(crate) fn validators(&self) -> (Option<&HeaderValue>, Option<&HeaderValue>) {
        (self.head.headers.get(ETAG), self.head.headers.get(LAST_MODIFIED))
    }

    /// Whether an answer "not modified" with these headers is about this one. It must not name another.
    pub(crate) fn is_meant_by(&self, headers: &HeaderMap) -> bool {
        let same = |ours: Option<&HeaderValue>, theirs: Option<&HeaderValue>| match (ours, theirs) {
            (Some(ours), Some(theirs)) => strong(ours) == strong(theirs),
            (_, None) => true,
            (None, Some(_)) => false,
        };
        let (tag, date) = self.validators();
        match headers.get(ETAG) {
            Some(theirs) => same(tag, Some(theirs)),
            None => same(date, headers.get(LAST_MODIFIED)),
        }
    }

    /// The same body with its headers brought up to date.
    pub(crate) fn renewed(&self, newer: &HeaderMap) -> Self {
        let mut headers = self.head.headers.clone();
        let newer = kept(newer.clone());
        for name in newer.keys().filter(|name| !OF_THE_BODY.contains(name)) {
            headers.remove(name);
            for value in newer.get_all(name) {
                if headers.len() < MOST_HEADERS {
                    headers.append(name, value.clone());
                }
            }
        }
        Self { head: Arc::new(Head { status: self.head.status, headers }), body: Arc::clone(&self.body) }
    }

    /// About as many bytes as it takes.
    pub(crate) fn weight(&self) -> usize {
        let headers = self.head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64);
        self.body.len() + headers.sum::<usize>()
    }
}

impl fmt::Debug for Response {
    /// Shows neither headers nor body: values don't belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status())
            .field("length", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// A tag without the mark that it is weak: a `GET` compares weakly.
fn strong(tag: &HeaderValue) -> &[u8] {
    tag.as_bytes().strip_prefix(b"W/").unwrap_or(tag.as_bytes())
}

fn kept(mut headers: HeaderMap) -> HeaderMap {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|names| names.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&[CONNECTION, SET_COOKIE]) {
        headers.remove(name);
    }
    for name in NOT_KEPT {
        headers.remove(*name);
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    fn response(pairs: &[(&'static str, &'static str)]) -> Response {
        Response::new(StatusCode::OK, headers(pairs), b"body".to_vec())
    }

    #[test]
    fn what_concerns_the_connection_is_not_kept_nor_are_cookies() {
        let response = response(&[
            ("connection", "close, x-hop"),
            ("x-hop", "1"),
            ("set-cookie", "a=b"),
            ("upgrade", "h2c"),
            ("x-kept", "1"),
        ]);
        assert_eq!(response.headers(), &headers(&[("x-kept", "1")]));
    }

    #[test]
    fn a_renewal_replaces_headers_but_not_those_of_the_body() {
        let old = response(&[("content-length", "4"), ("age", "9"), ("etag", "\"1\"")]);
        let new = old.renewed(&headers(&[("content-length", "0"), ("age", "1"), ("x-new", "1")]));
        let expected = [("content-length", "4"), ("age", "1"), ("etag", "\"1\""), ("x-new", "1")];
        assert_eq!((new.headers(), new.body()), (&headers(&expected), &b"body"[..]));
    }

    #[test]
    fn renewals_do_not_pile_up_headers() {
        let mut answer = response(&[("etag", "1")]);
        for round in 0..1_000 {
            let mut newer = HeaderMap::new();
            newer.insert(HeaderName::try_from(format!("x-{round}")).unwrap(), HeaderValue::from_static("1"));
            answer = answer.renewed(&newer);
        }
        assert_eq!(answer.headers().len(), MOST_HEADERS);
    }

    #[test]
    fn not_modified_is_about_what_it_names_or_what_was_asked() {
        let tagged = response(&[("etag", "W/\"1\""), ("last-modified", "then")]);
        let meant = |pairs: &[(&'static str, &'static str)]| tagged.is_meant_by(&headers(pairs));
        assert!(meant(&[]) && meant(&[("etag", "\"1\"")]) && meant(&[("last-modified", "then")]));
        assert!(
            !meant(&[("etag", "\"2\""), ("last-modified", "then")]) && !meant(&[("last-modified", "now")])
        );
        assert!(!response(&[("last-modified", "then")]).is_meant_by(&headers(&[("etag", "\"2\"")])));
    }
}
