//! One question and its answer, over as many redirects as are allowed.

use larder_core::{Clock, Error, ErrorKind, Result, Time};
use reqwest::header::{HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION};
use reqwest::{Client, StatusCode, Url};

use crate::ask::{Ask, is_plain};
use crate::life::{Allowed, Terms};
use crate::response::Response;
use crate::stats::{Counts, Event};

/// What a remote may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) body: usize,
    pub(crate) redirects: usize,
    pub(crate) across_hosts: bool,
}

/// How to ask.
pub(crate) struct Exchange<'a> {
    pub(crate) client: &'a Client,
    pub(crate) limits: Limits,
    pub(crate) counts: &'a Counts,
    pub(crate) clock: &'a Clock,
}

/// An answer whose body has not been read yet.
pub(crate) struct Answer {
    received: reqwest::Response,
    /// The way to it: what was asked, and what each said. The last is the answer itself.
    hops: Vec<Hop>,
    /// Whether the client went on to another address by itself, so that part of the way is not known.
    strayed: bool,
    began: Time,
}

struct Hop {
    request: HeaderMap,
    status: StatusCode,
    response: HeaderMap,
}

impl Exchange<'_> {
    /// Asks, with the validators of what is `known`.
    pub(crate) async fn ask(&self, ask: &Ask, known: Option<&Response>) -> Result<Answer> {
        let (mut url, mut request) = (ask.url()?, conditional(ask.headers()?, known));
        let (mut hops, mut strayed) = (Vec::new(), false);
        let began = self.clock.now_precise();
        loop {
            self.counts.add(Event::Request);
            let answer =
                self.client.get(url.clone()).headers(request.clone()).send().await.map_err(remote)?;
            strayed |= answer.url() != &url;
            let (status, response) = (answer.status(), answer.headers().clone());
            let next = if is_redirect(status) { Some(self.next(&url, &response, hops.len())?) } else { None };
            hops.push(Hop { request: request.clone(), status, response });
            let Some(next) = next else { return Ok(Answer { received: answer, hops, strayed, began }) };
            if !is_same_host(&url, &next) {
                request = public(request);
            }
            url = next;
        }
    }

    /// Where a redirect leads, if that way may be gone.
    fn next(&self, from: &Url, response: &HeaderMap, gone: usize) -> Result<Url> {
        let refused = |why| Error::new(ErrorKind::Load, why);
        if gone >= self.limits.redirects {
            return Err(refused("following more redirects than allowed"));
        }
        let location = response.get(LOCATION).and_then(|location| location.to_str().ok());
        let next = location.and_then(|location| from.join(location).ok());
        let next = next.ok_or_else(|| refused("following a redirect that leads nowhere"))?;
        let downgraded = from.scheme() == "https" && next.scheme() != "https";
        if downgraded || !is_plain(&next) {
            return Err(refused("following a redirect to a lesser scheme, or with a user in it"));
        }
        if !self.limits.across_hosts && !is_same_host(from, &next) {
            return Err(refused("following a redirect to another host"));
        }
        Ok(next)
    }
}

impl Answer {
    pub(crate) fn status(&self) -> StatusCode {
        self.received.status()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.received.headers()
    }

    /// What the whole way allows; the answer's own headers are those of `answer`.
    pub(crate) fn allowed(&self, terms: Terms, answer: &Response, clock: &Clock) -> Allowed {
        let ago = clock.now_precise().since(self.began);
        let Some((last, way)) = self.hops.split_last().filter(|_| !self.strayed) else {
            return Allowed::NOT_KEPT;
        };
        let status = StatusCode::from_u16(answer.status()).unwrap_or(last.status);
        let own = terms.allowed(&last.request, status, answer.headers(), ago);
        way.iter().fold(own, |all, hop| all.and(terms.allowed(&hop.request, hop.status, &hop.response, ago)))
    }

    /// Reads the body, up to `limit` bytes.
    pub(crate) async fn body(&mut self, limit: usize) -> Result<Vec<u8>> {
        let too_big = || Error::new(ErrorKind::Invalid, "reading a body that is over its limit");
        let announced = self.received.content_length().unwrap_or(0);
        if announced > limit as u64 {
            return Err(too_big());
        }
        let mut body = Vec::new();
        while let Some(chunk) = self.received.chunk().await.map_err(remote)? {
            if chunk.len() > limit - body.len() {
                return Err(too_big());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// The request with the validators of what is known.
fn conditional(mut request: HeaderMap, known: Option<&Response>) -> HeaderMap {
    if let Some((tag, date)) = known.map(Response::validators) {
        tag.into_iter().for_each(|tag| drop(request.insert(IF_NONE_MATCH, tag.clone())));
        date.into_iter().for_each(|date| drop(request.insert(IF_MODIFIED_SINCE, date.clone())));
    }
    request
}

/// What of a request may be told to another host: what is acceptable, and nothing that may be a secret.
fn public(request: HeaderMap) -> HeaderMap {
    let mut last = None;
    let named = request.into_iter().filter_map(|(name, value)| {
        last = name.or_else(|| last.take());
        last.clone().map(|name| (name, value))
    });
    named.filter(|(name, _)| name.as_str().starts_with("accept")).collect()
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Whether it is the same server: the same host, and the same port or the one of the better scheme.
fn is_same_host(from: &Url, to: &Url) -> bool {
    let upgraded = from.scheme() == "http" && to.scheme() == "https";
    let ports = (from.port_or_known_default(), to.port_or_known_default());
    from.host_str() == to.host_str() && (ports.0 == ports.1 || (upgraded && ports == (Some(80), Some(443))))
}

/// An error of the client: without the address, in which there is a key.
pub(crate) fn remote(error: reqwest::Error) -> Error {
    let kind = match () {
        () if error.is_builder() => ErrorKind::Invalid,
        () if error.is_timeout() => ErrorKind::Timeout,
        () => ErrorKind::Load,
    };
    Error::new(kind, "asking an HTTP origin").because(error.without_url())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_host_is_told_no_secrets() {
        let mut request = HeaderMap::new();
        for (name, value) in [
            ("authorization", "s"),
            ("accept", "a"),
            ("accept", "b"),
            ("x-token", "s"),
            ("if-none-match", "t"),
        ] {
            request.append(name, value.parse().unwrap());
        }
        let told = public(request);
        assert_eq!(told.get_all("accept").iter().count(), 2);
        assert_eq!(told.len(), 2);
    }

    #[test]
    fn the_same_host_is_the_same_name_and_port_or_the_better_scheme() {
        let same = |from: &str, to: &str| is_same_host(&from.parse().unwrap(), &to.parse().unwrap());
        assert!(same("http://h/a", "http://h:80/b") && same("http://h", "https://h"));
        assert!(
            !same("http://h", "http://h:81")
                && !same("http://h", "http://i")
                && !same("http://h:81", "https://h")
        );
    }
}
