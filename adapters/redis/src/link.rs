//! The connection that all operations share: made when needed, replaced when broken.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use larder_core::{Error, ErrorKind, Result};
use redis::{Pipeline, RedisError, RedisResult, ServerErrorKind, Value};

use crate::failure::{failed, garbled, late};
use crate::guard::Bounds;
use crate::record::ServerTime;
use crate::way::{Way, Wire};

/// How long after a failed attempt to connect the next one is made; who asks in between gets the same error.
const PAUSE: Duration = Duration::from_millis(100);

/// How long the server's time is reckoned by our own clock before it is asked for again: in a second two clocks part by
/// less than a millisecond.
const KNOWN: Duration = Duration::from_secs(1);

/// What may happen to a request whose connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It is sent again, once: it changes nothing that another try would spoil.
    Again,
    /// It fails: nobody knows whether it was carried out.
    Fail,
}

/// A connection, and what is known of its other end.
pub(crate) struct Live {
    wire: Wire,
    /// The connection's number with the server, and which run of the server that is.
    id: Option<i64>,
    run: [u8; 8],
    /// What time the server said it was, and when it was asked. Never in a cluster, where each node has its own.
    time: Mutex<Option<(ServerTime, Instant)>>,
}

/// For whom commands are made.
pub(crate) struct Asked {
    /// Which run of the server they are for; zeros if that is not known.
    pub(crate) run: [u8; 8],
    /// How scripts are to be named.
    pub(crate) form: Form,
    /// Whether the server's time is to be asked for: it is not known, or not well enough any more.
    pub(crate) needs_time: bool,
}

/// What a server gave.
pub(crate) struct Answered {
    pub(crate) values: Vec<Value>,
    asked_at: Instant,
    live: Arc<Live>,
}

impl Answered {
    /// Which run of the server it was; zeros if that is not known.
    pub(crate) fn run(&self) -> [u8; 8] {
        self.live.run
    }

    /// The server's time when it answered, at the latest: as it has `told`, or as it told last and our own monotonic clock
    /// has counted since it was asked then.
    pub(crate) fn time(&self, told: Option<ServerTime>) -> Option<ServerTime> {
        let mut known = self.live.time.lock().unwrap_or_else(PoisonError::into_inner);
        match told {
            Some(told) => {
                *known = Some((told, self.asked_at));
                Some(told)
            }
            None => known.map(|(told, asked_at)| told.after(asked_at.elapsed())),
        }
    }
}

/// How a script is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// By the hash of its text, which the server knows it by.
    Hash,
    /// By its text, for a server that doesn't know it yet.
    Source,
}

impl Live {
    async fn ask(
        &self,
        ask: &(impl Fn(&Asked) -> Pipeline + Send + Sync),
        form: Form,
        slot: u16,
    ) -> RedisResult<Vec<Value>> {
        let known = *self.time.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = !self.wire.is_cluster() && known.is_some_and(|(_, when)| when.elapsed() < KNOWN);
        let commands = ask(&Asked { run: self.run, form, needs_time: !is_known });
        let answers = self.wire.exchange(&commands, slot).await?;
        match answers.iter().find_map(refusal) {
            Some(error) => Err(error),
            None if answers.len() == commands.len() => Ok(answers),
            None => Err(RedisError::from((redis::ErrorKind::Parse, "another number of answers"))),
        }
    }
}

/// The one connection of a store.
pub(crate) struct Link {
    way: Way,
    bounds: Bounds,
    timeout: Duration,
    live: Mutex<Option<Arc<Live>>>,
    before: tokio::sync::Mutex<Before>,
    closed: AtomicBool,
}

/// What earlier connections left to know.
#[derive(Default)]
struct Before {
    /// The last attempt to connect that failed.
    failed: Option<(Instant, Error)>,
    /// The last connection, which may have sent what the server has not read yet.
    fence: Option<(i64, [u8; 8])>,
}

impl Link {
    pub(crate) fn new(way: Way, bounds: Bounds, timeout: Duration) -> Self {
        let before = tokio::sync::Mutex::default();
        Self { way, bounds, timeout, live: Mutex::default(), before, closed: AtomicBool::new(false) }
    }

    /// One answer for each command that `ask` makes, none of them an error.
    pub(crate) async fn exchange(
        &self,
        doing: &'static str,
        slot: u16,
        lost: Lost,
        ask: impl Fn(&Asked) -> Pipeline + Send + Sync,
    ) -> Result<Answered> {
        let mut used = None;
        let tries = async {
            let live = used.insert(self.live(doing).await?);
            match self.attempt(doing, live, &ask, slot).await {
                Err((_, true)) if lost == Lost::Again => {
                    let live = used.insert(self.live(doing).await?);
                    self.attempt(doing, live, &ask, slot).await.map_err(|(error, _)| error)
                }
                answered => answered.map_err(|(error, _)| error),
            }
        };
        let answered = tokio::time::timeout(self.timeout, tries).await;
        answered.unwrap_or_else(|_| {
            used.iter().for_each(|live| self.give_up(live));
            Err(late(doing))
        })
    }

    /// Connects, if that is not done yet.
    pub(crate) async fn open(&self) -> Result<()> {
        let doing = "connecting to Redis";
        let live = tokio::time::timeout(self.timeout, self.live(doing)).await;
        live.unwrap_or_else(|_| Err(late(doing))).map(drop)
    }

    /// Lets go of the connection, for good.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn live(&self, doing: &'static str) -> Result<Arc<Live>> {
        match self.held() {
            Some(live) => Ok(live),
            None => self.connected(doing).await,
        }
    }

    /// The answers; or the error, and whether the connection is to blame.
    async fn attempt(
        &self,
        doing: &'static str,
        live: &Arc<Live>,
        ask: &(impl Fn(&Asked) -> Pipeline + Send + Sync),
        slot: u16,
    ) -> Result<Answered, (Error, bool)> {
        let asked_at = Instant::now();
        let mut answers = live.ask(ask, Form::Hash, slot).await;
        if answers.as_ref().is_err_and(is_unknown_script) {
            answers = live.ask(ask, Form::Source, slot).await;
        }
        match answers {
            Ok(values) => Ok(Answered { values, asked_at, live: Arc::clone(live) }),
            Err(error) if is_broken(&error) => {
                self.give_up(live);
                Err((failed(doing, &error), true))
            }
            Err(error) => Err((failed(doing, &error), false)),
        }
    }

    fn held(&self) -> Option<Arc<Live>> {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.as_ref().filter(|live| !live.wire.has_ended()).cloned()
    }

    /// The connection is used no more. Requests under way on it end as they will.
    fn give_up(&self, broken: &Arc<Live>) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.take_if(|live| Arc::ptr_eq(live, broken));
    }

    /// A new connection, unless another caller has made one meanwhile, or has just failed to.
    async fn connected(&self, doing: &'static str) -> Result<Arc<Live>> {
        let mut before = self.before.lock().await;
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::new(ErrorKind::Closed, doing));
        }
        if let Some(live) = self.held() {
            return Ok(live);
        }
        if let Some((_, error)) = before.failed.as_ref().filter(|(when, _)| when.elapsed() < PAUSE) {
            return Err(error.clone());
        }
        match self.connect(&before).await {
            Ok(live) => {
                let live = Arc::new(live);
                *before = Before { failed: None, fence: live.id.map(|id| (id, live.run)) };
                *self.live.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&live));
                Ok(live)
            }
            Err(error) => {
                before.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    async fn connect(&self, before: &Before) -> Result<Live> {
        const DOING: &str = "connecting to Redis";
        let wire = self.way.connect(self.bounds).await.map_err(|error| failed(DOING, &error))?;
        if self.way.in_cluster() {
            return Ok(Live { wire, id: None, run: [0; 8], time: Mutex::default() });
        }
        let mut hello = redis::pipe();
        hello.cmd("CLIENT").arg("ID").cmd("INFO").arg("server");
        let answers = wire.exchange(&hello, 0).await.map_err(|error| failed(DOING, &error))?;
        let [id, info] = answers.as_slice() else { return Err(garbled(DOING)) };
        if let Some(error) = refusal(id).filter(|error| !matches!(error.code(), Some("ERR" | "NOPERM"))) {
            return Err(failed(DOING, &error));
        }
        let live = Live { id: number(id), run: run(info)?, wire, time: Mutex::default() };
        if let Some((id, run)) = before.fence
            && run == live.run
        {
            fence(&live.wire, id).await.map_err(|error| failed(DOING, &error))?;
        }
        Ok(live)
    }
}

/// Makes sure that nothing which the connection `id` has sent is carried out from now on: not after what the new one
/// sends. A server that doesn't allow it is taken at its word.
async fn fence(wire: &Wire, id: i64) -> Result<(), RedisError> {
    let mut kill = redis::pipe();
    kill.cmd("CLIENT").arg("KILL").arg("ID").arg(id);
    wire.exchange(&kill, 0).await.map(drop)
}

/// Which run of the server this is. An error if it is none that can be used by itself.
fn run(info: &Value) -> Result<[u8; 8]> {
    let text = match info {
        Value::BulkString(text) => String::from_utf8_lossy(text).into_owned(),
        Value::VerbatimString { text, .. } => text.clone(),
        Value::ServerError(_) => return Ok([0; 8]),
        _ => return Err(garbled("connecting to Redis")),
    };
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let unfit = |why: &'static str| Err(Error::new(ErrorKind::Invalid, "connecting to Redis").because(why));
    match line("redis_mode:") {
        Some("cluster") => return unfit("the server is a node of a cluster: connect to the cluster"),
        Some("sentinel") => return unfit("the server is a sentinel: connect by sentinels"),
        _ => {}
    }
    let run = line("run_id:").and_then(|id| u64::from_str_radix(id.get(..16)?, 16).ok());
    Ok(run.unwrap_or_default().to_be_bytes())
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        _ => None,
    }
}

fn refusal(answer: &Value) -> Option<RedisError> {
    match answer {
        Value::ServerError(error) => Some(error.clone().into()),
        _ => None,
    }
}

fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == redis::ErrorKind::Server(ServerErrorKind::NoScript)
}

/// Whether another connection may do better.
fn is_broken(error: &RedisError) -> bool {
    use redis::ErrorKind::{Io, Parse, Server};
    let demoted = [ServerErrorKind::ReadOnly, ServerErrorKind::MasterDown].map(Server);
    matches!(error.kind(), Io | Parse) || error.is_connection_dropped() || demoted.contains(&error.kind())
}
