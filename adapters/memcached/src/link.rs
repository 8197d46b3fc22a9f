//! The connection that all operations share: made when needed, replaced when broken.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use larder_core::{Error, ErrorKind, Result};
use tokio::net::TcpStream;

use crate::batch::{Answers, Batch};
use crate::wire::{Outcome, Refusal, Wire, greeted};

/// How long after a failed attempt to connect the next one is made; who asks in between gets the same error.
const PAUSE: Duration = Duration::from_millis(100);

/// Where the server is, and who asks.
#[derive(Clone)]
pub(crate) struct Address {
    /// `host:port`.
    pub(crate) server: String,
    /// The user and the password, if it wants to know them.
    pub(crate) user: Option<(String, String)>,
    /// The longest value, in bytes.
    pub(crate) longest: u64,
}

/// The one connection of a store.
pub(crate) struct Link {
    address: Address,
    timeout: Duration,
    live: Mutex<Option<Arc<Wire>>>,
    failed: tokio::sync::Mutex<Option<(Instant, Error)>>,
    closed: AtomicBool,
}

impl Link {
    pub(crate) fn new(address: Address, timeout: Duration) -> Self {
        let failed = tokio::sync::Mutex::default();
        Self { address, timeout, live: Mutex::default(), failed, closed: AtomicBool::new(false) }
    }

    /// The result of `work`, in time. All that one operation sends belongs into one `work`.
    pub(crate) async fn in_time<T>(
        &self,
        doing: &'static str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let done = tokio::time::timeout(self.timeout, work).await;
        done.unwrap_or_else(|_| {
            // A connection that lets a deadline pass isn't used again. No write comes late on it: each is made under the
            // number of what it replaces.
            *self.live() = None;
            Err(Error::new(ErrorKind::Timeout, doing).because("the server has not answered"))
        })
    }

    /// The answers to a batch that changes nothing which another try would spoil: if its connection breaks it is sent again,
    /// once.
    pub(crate) async fn ask(&self, doing: &'static str, batch: Batch) -> Result<Answers> {
        match self.exchange(doing, batch.clone()).await {
            Err(error) if error.kind() == ErrorKind::Store => self.exchange(doing, batch).await,
            answered => answered,
        }
    }

    /// The answers to a batch.
    pub(crate) async fn exchange(&self, doing: &'static str, batch: Batch) -> Result<Answers> {
        let wire = self.connected(doing).await?;
        match wire.exchange(batch).await {
            Outcome::Answered(answers) => Ok(answers),
            Outcome::Refused(Refusal::TooLarge) => {
                Err(Error::new(ErrorKind::Invalid, doing)
                    .because("the value is longer than the server takes"))
            }
            Outcome::Refused(Refusal::Other) => {
                Err(Error::new(ErrorKind::Overloaded, doing).because("the server has no room"))
            }
            Outcome::Lost => {
                self.live().take_if(|live| Arc::ptr_eq(live, &wire));
                Err(Error::new(ErrorKind::Store, doing).because("the connection failed"))
            }
        }
    }

    /// The connection as it is, or a new one.
    pub(crate) async fn connected(&self, doing: &'static str) -> Result<Arc<Wire>> {
        if let Some(wire) = self.held() {
            return Ok(wire);
        }
        let mut failed = self.failed.lock().await;
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::new(ErrorKind::Closed, doing));
        }
        if let Some(wire) = self.held() {
            return Ok(wire);
        }
        if let Some((_, error)) = failed.as_ref().filter(|(when, _)| when.elapsed() < PAUSE) {
            return Err(error.clone());
        }
        match self.connect().await {
            Ok(wire) => {
                let wire = Arc::new(wire);
                *self.live() = Some(Arc::clone(&wire));
                *failed = None;
                Ok(wire)
            }
            Err(error) => {
                *failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Lets go of the connection, for good.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        *self.live() = None;
    }

    fn held(&self) -> Option<Arc<Wire>> {
        self.live().as_ref().filter(|wire| !wire.has_ended()).cloned()
    }

    fn live(&self) -> std::sync::MutexGuard<'_, Option<Arc<Wire>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> Result<Wire> {
        let failed = |error: std::io::Error| {
            let kind = match error.kind() {
                std::io::ErrorKind::InvalidInput => ErrorKind::Invalid,
                _ => ErrorKind::Store,
            };
            Error::new(kind, "connecting to memcached").because(error.kind().to_string())
        };
        let stream = TcpStream::connect(&self.address.server).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let (mut from, mut to) = stream.into_split();
        greeted(&mut from, &mut to, self.address.user.as_ref()).await?;
        Ok(Wire::new(from, to, self.address.longest))
    }
}
