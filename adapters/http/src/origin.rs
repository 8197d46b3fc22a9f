//! An HTTP origin as a loader.

use std::fmt;
use std::time::Duration;

use larder_core::{BoxFuture, Entry, Env, Error, ErrorKind, Key, Loader, Result};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

use crate::abreast::abreast;
use crate::ask::Ask;
use crate::decoded::Decoded;
use crate::exchange::{Answer, Exchange, Limits, remote};
use crate::known::Known;
use crate::life::{Allowed, Terms};
use crate::response::Response;
use crate::stats::{Counts, Event, HttpStats};
use crate::within::within;

/// Loads what a URL gives, with the life that the answer allows: a shared cache by RFC 9111.
///
/// # Life
///
/// - The soft deadline is the freshness that is left: `s-maxage`, `max-age` or `Expires`, less `Age` and the time the answer took.
///   An answer that says nothing of it has none, unless [`heuristic`](Self::heuristic) allows a guess.
/// - The hard deadline is the same, unless [`allow_stale`](Self::allow_stale) is set: then it is later by the longer of
///   `stale-while-revalidate` and `stale-if-error` (RFC 5861), except where the answer forbids stale use (`must-revalidate`,
///   `no-cache`, `proxy-revalidate`, `s-maxage`). For stores that [keep fresh](#stale-answers) only.
/// - `no-store`, `private` (unless [`private`](Self::private) is set), `Vary: *`, directives that contradict each other or can't be
///   read, and a request with `Authorization` without a word that allows it: the entry has no life. Who waits for the load gets
///   it, and nobody else; no store answers with it.
/// - `no-cache`, `max-age=0`, and a shared answer with `Set-Cookie`: no life, either, but it is remembered for the next request.
/// - Over redirects it is the least that any answer on the way allows; a redirect that says nothing of its life allows none.
///
/// Any other `Vary` does no harm, because a request is made from the key alone: see [`Ask`]. All that wait for one key share one answer,
/// so put into the key who asks, where that matters.
///
/// # Asking again
///
/// A loader sees no old entry. So this one remembers answers that have an `ETag` or a `Last-Modified`, those used last, up to
/// [`remember`](Self::remember) bytes; the body is shared with the entry, as long as a store in memory has it. The next request for the key
/// is conditional, and "304 Not Modified" gives the old body with its life renewed. A 304 that names another answer is followed by a
/// request without conditions.
///
/// # Stale answers
///
/// Entries that outlive their freshness need a store that reloads them: `store.keep_fresh(origin.allow_stale(day), freshness, &env)`,
/// with `freshness.stale_while_revalidate(…)` and `stale_if_error(…)` as the bounds of the application. Behind a plain `read_through` they would
/// be answered until they end.
///
/// # When something fails
///
/// - 404 and 410 are no failure: there is no such thing (`None`).
/// - 5xx, 408 and 425, a refused or broken connection, a truncated body, malformed headers, a 304 that nobody asked for, a 206, too
///   many redirects, or one that leads to another host (unless [`across_hosts`](Self::across_hosts)) or from `https` to `http`:
///   [`ErrorKind::Load`].
/// - 429: [`ErrorKind::Overloaded`]. Other 4xx, a body over its limit, and what can't be asked: [`ErrorKind::Invalid`], since asking again
///   gives the same.
/// - The time is over: [`ErrorKind::Timeout`], and the connection is dropped.
/// - No error shows an address: there are keys in it.
/// - It runs on tokio. Loads that are polled outside of a tokio runtime panic.
pub struct HttpOrigin<K> {
    ask: Box<dyn Fn(&K) -> Ask + Send + Sync>,
    client: Client,
    env: Env,
    terms: Terms,
    limits: Limits,
    timeout: Duration,
    at_once: usize,
    known: Known<K>,
    counts: Counts,
}

impl<K: Key> HttpOrigin<K> {
    /// Asks what `ask` says for a key. Time limits are by the clock of `env`.
    ///
    /// A load takes at most 30 s, a body has at most 8 MiB, 3 redirects are followed on the same host, 64 MiB of answers are
    /// remembered, and a batch asks for 8 keys at once.
    pub fn new(ask: impl Fn(&K) -> Ask + Send + Sync + 'static, env: &Env) -> Result<Self> {
        let plain = Client::builder().redirect(Policy::none()).referer(false);
        let plain = plain.no_gzip().no_brotli().no_zstd().no_deflate();
        Ok(Self::with_client(plain.build().map_err(remote)?, ask, env))
    }

    /// The same with a client of your own: for certificates, proxies, connection pools. It should follow no redirects; what
    /// it brings from another address than the one it was asked for is not kept. The body's limit counts what it has unpacked. What it
    /// adds to requests by itself is not seen here: if it authenticates, the cache must be [private](Self::private), or keys must tell users apart.
    pub fn with_client(client: Client, ask: impl Fn(&K) -> Ask + Send + Sync + 'static, env: &Env) -> Self {
        Self {
            ask: Box::new(ask),
            client,
            env: env.clone(),
            terms: Terms { shared: true, heuristic: 0.0, stale: Duration::ZERO },
            limits: Limits { body: 8 << 20, redirects: 3, across_hosts: false },
            timeout: Duration::from_secs(30),
            at_once: 8,
            known: Known::new(64 << 20),
            counts: Counts::default(),
        }
    }

    /// A load takes no longer: connecting, redirects and the body included. Default: 30 s.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// No body has more bytes. Default: 8 MiB.
    pub const fn body_limit(mut self, bytes: usize) -> Self {
        self.limits.body = bytes;
        self
    }

    /// So many redirects are followed, at most. Default: 3.
    pub const fn redirects(mut self, most: usize) -> Self {
        self.limits.redirects = most;
        self
    }

    /// Follows redirects to other hosts, too: wherever the remote says, your own network included. Other hosts are told no
    /// headers but those whose name begins with `Accept`.
    pub const fn across_hosts(mut self) -> Self {
        self.limits.across_hosts = true;
        self
    }

    /// The cache belongs to one user: `private` answers may be kept, `s-maxage` means nothing.
    pub const fn private(mut self) -> Self {
        self.terms.shared = false;
        self
    }

    /// An answer that says nothing of its life is fresh for this part of its age, by `Last-Modified`: 0.1 is usual. Default: 0.
    pub const fn heuristic(mut self, part: f32) -> Self {
        self.terms.heuristic = if part > 0.0 && part <= 1.0 { part } else { 0.0 };
        self
    }

    /// Entries live on past their freshness, as long as the answer allows, and no longer than `limit`. Default: not at all. For stores
    /// that keep fresh only: see [stale answers](Self#stale-answers).
    pub const fn allow_stale(mut self, limit: Duration) -> Self {
        self.terms.stale = limit;
        self
    }

    /// So many bytes of answers are remembered for conditional requests. Default: 64 MiB. Zero: every request is plain.
    pub fn remember(mut self, bytes: usize) -> Self {
        self.known = Known::new(bytes);
        self
    }

    /// A batch asks for so many keys at once, at least one. Default: 8.
    pub const fn at_once(mut self, keys: usize) -> Self {
        self.at_once = keys;
        self
    }

    /// The same origin with what `decode` makes of an answer as the value.
    pub const fn decoded<V, F>(self, decode: F) -> Decoded<Self, F>
    where
        F: Fn(&Response) -> Result<V> + Send + Sync + 'static,
    {
        Decoded::new(self, decode)
    }

    /// What it did so far.
    pub fn stats(&self) -> HttpStats {
        self.counts.snapshot()
    }

    async fn load_one(&self, key: &K) -> Result<Option<Entry<Response>>> {
        let late = || Err(Error::new(ErrorKind::Timeout, "asking an HTTP origin"));
        let loaded = within(self.exchanged(key), self.timeout, &self.env).await.unwrap_or_else(late);
        if loaded.is_err() {
            self.counts.add(Event::Failed);
        }
        loaded
    }

    async fn exchanged(&self, key: &K) -> Result<Option<Entry<Response>>> {
        let exchange = Exchange {
            client: &self.client,
            limits: self.limits,
            counts: &self.counts,
            clock: self.env.clock(),
        };
        let (ask, known) = ((self.ask)(key), self.known.get(key));
        let answer = exchange.ask(&ask, known.as_ref()).await?;
        match known {
            Some(known) if answer.status() == StatusCode::NOT_MODIFIED => {
                if known.is_meant_by(answer.headers()) {
                    self.counts.add(Event::Renewed);
                    let renewed = known.renewed(answer.headers());
                    return Ok(Some(self.entry(key, &answer, renewed)));
                }
                self.known.remove(key);
                self.concluded(key, exchange.ask(&ask, None).await?).await
            }
            _ => self.concluded(key, answer).await,
        }
    }

    /// What an answer means that is not "the same as before".
    async fn concluded(&self, key: &K, mut answer: Answer) -> Result<Option<Entry<Response>>> {
        let status = answer.status();
        let failed =
            |kind| Err(Error::new(kind, format!("asking an HTTP origin, which answers {}", status.as_u16())));
        match status.as_u16() {
            404 | 410 => {
                self.known.remove(key);
                self.counts.add(Event::Absent);
                Ok(None)
            }
            200..=205 | 207..=299 => {
                let body = answer.body(self.limits.body).await?;
                self.counts.add(Event::Loaded);
                let response = Response::new(status, answer.headers().clone(), body);
                Ok(Some(self.entry(key, &answer, response)))
            }
            429 => failed(ErrorKind::Overloaded),
            408 | 425 => failed(ErrorKind::Load),
            400..=499 => failed(ErrorKind::Invalid),
            _ => failed(ErrorKind::Load),
        }
    }

    /// The entry with the life that the answer allows, which is remembered if it may be.
    fn entry(&self, key: &K, answer: &Answer, response: Response) -> Entry<Response> {
        let Allowed { kept, fresh, stale } = answer.allowed(self.terms, &response, self.env.clock());
        let (tag, date) = response.validators();
        if kept && (tag.is_some() || date.is_some()) {
            self.known.put(key, response.clone());
        } else {
            self.known.remove(key);
        }
        let usable = fresh.saturating_add(stale);
        if usable.is_zero() {
            self.counts.add(Event::Unkeepable);
        }
        Entry::new(response).fresh_for(fresh).ttl(usable)
    }
}

impl<K: Key> Loader<K, Response> for HttpOrigin<K> {
    fn load<'a>(&'a self, key: &'a K) -> BoxFuture<'a, Result<Option<Entry<Response>>>> {
        Box::pin(self.load_one(key))
    }

    fn load_many<'a>(&'a self, keys: &'a [K]) -> BoxFuture<'a, Result<Vec<Option<Entry<Response>>>>> {
        let loads = keys.iter().map(|key| self.load(key)).collect();
        Box::pin(abreast(loads, self.at_once))
    }
}

impl<K> fmt::Debug for HttpOrigin<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpOrigin")
            .field("terms", &self.terms)
            .field("limits", &self.limits)
            .field("timeout", &self.timeout)
            .field("stats", &self.counts.snapshot())
            .finish_non_exhaustive()
    }
}
