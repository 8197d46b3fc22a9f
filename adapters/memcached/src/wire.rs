//! One connection: batches go out in the order they come, and the answers come back in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use larder_core::{Error, ErrorKind, Result};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use crate::batch::{Answers, Batch, placed};
use crate::reply::{Code, Reply};

/// How many batches may wait to be sent, and how many for their answers.
const QUEUE: usize = 1_024;

/// An open connection. Dropping it closes it.
pub(crate) struct Wire {
    asks: mpsc::Sender<Asked>,
    ended: Arc<AtomicBool>,
    tasks: [AbortHandle; 2],
}

struct Asked {
    bytes: Vec<u8>,
    waiting: Waiting,
}

/// Who waits for how many answers.
struct Waiting {
    count: usize,
    answer: oneshot::Sender<Result<Answers, Refusal>>,
}

/// What the server refused of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    TooLarge,
    Other,
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) enum Outcome {
    Answered(Answers),
    Refused(Refusal),
    /// The connection broke; what was done of it nobody knows.
    Lost,
}

impl Wire {
    /// A connection over these two halves, for values of up to `longest` bytes.
    pub(crate) fn new(
        from: impl AsyncRead + Send + Unpin + 'static,
        to: impl AsyncWrite + Send + Unpin + 'static,
        longest: u64,
    ) -> Self {
        let (asks, asked) = mpsc::channel(QUEUE);
        let (sent, waiting) = mpsc::channel(QUEUE);
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        let writer = tokio::spawn(write(to, asked, sent));
        let reader = tokio::spawn(async move {
            read(from, waiting, longest).await;
            end.store(true, Ordering::Release);
        });
        Self { asks, ended, tasks: [writer.abort_handle(), reader.abort_handle()] }
    }

    /// Sends all commands, and waits for their answers. If nobody waits any more they are carried out nevertheless, in
    /// their turn.
    pub(crate) async fn exchange(&self, batch: Batch) -> Outcome {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { count: batch.len(), answer };
        if self.asks.send(Asked { bytes: batch.into_bytes(), waiting }).await.is_err() {
            return Outcome::Lost;
        }
        match answered.await {
            Ok(Ok(answers)) => Outcome::Answered(answers),
            Ok(Err(refusal)) => Outcome::Refused(refusal),
            Err(_) => Outcome::Lost,
        }
    }

    /// Whether it is known to have ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire) || self.asks.is_closed()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// Sends what is asked; as much as there is at once.
async fn write(
    mut to: impl AsyncWrite + Unpin,
    mut asked: mpsc::Receiver<Asked>,
    sent: mpsc::Sender<Waiting>,
) {
    while let Some(mut next) = asked.recv().await {
        let mut bytes = Vec::new();
        loop {
            bytes.append(&mut next.bytes);
            if sent.send(next.waiting).await.is_err() {
                return;
            }
            match asked.try_recv() {
                Ok(more) if bytes.len() < 64 << 10 => next = more,
                Ok(more) => {
                    // Full: what is at hand goes out first.
                    if to.write_all(&bytes).await.is_err() {
                        return;
                    }
                    bytes.clear();
                    next = more;
                }
                Err(_) => break,
            }
        }
        if to.write_all(&bytes).await.is_err() || to.flush().await.is_err() {
            return;
        }
    }
}

/// Reads the answers of one batch after another, until one can't be read.
async fn read(from: impl AsyncRead + Unpin, mut waiting: mpsc::Receiver<Waiting>, longest: u64) {
    let mut from = BufReader::with_capacity(32 << 10, from);
    while let Some(Waiting { count, answer }) = waiting.recv().await {
        match answers(&mut from, count, longest).await {
            Some(answered) => drop(answer.send(answered)),
            None => return,
        }
    }
}

/// The answers of a batch of `count` commands, or what was refused of it. `None` if the connection is of no more use.
async fn answers(
    from: &mut BufReader<impl AsyncRead + Unpin>,
    count: usize,
    longest: u64,
) -> Option<Result<Answers, Refusal>> {
    let mut answers: Answers = vec![None; count];
    let mut refusal = None;
    for _ in 0..=count {
        let reply = Reply::read(from, longest).await.ok()?;
        match reply.code {
            Code::End => return Some(refusal.map_or(Ok(answers), Err)),
            Code::TooLarge => refusal = Some(Refusal::TooLarge),
            Code::Refused => refusal = refusal.or(Some(Refusal::Other)),
            _ if placed(&mut answers, reply) => {}
            _ => return None,
        }
    }
    None
}

/// Says who we are, if the server wants to know, and makes sure that it speaks the protocol.
pub(crate) async fn greeted<F, T>(from: &mut F, to: &mut T, user: Option<&(String, String)>) -> Result<()>
where
    F: AsyncRead + Unpin,
    T: AsyncWrite + Unpin,
{
    const DOING: &str = "connecting to memcached";
    let lost = |_| Error::new(ErrorKind::Store, DOING).because("it doesn't answer as memcached does");
    // Unbuffered, a byte at a time: nothing after the answer may be taken.
    let mut from = BufReader::with_capacity(1, from);
    if let Some((user, password)) = user {
        let said = format!("set auth 0 0 {}\r\n{user} {password}\r\n", user.len() + 1 + password.len());
        to.write_all(said.as_bytes()).await.map_err(lost)?;
        if Reply::read(&mut from, 0).await.map_err(lost)?.code != Code::Stored {
            return Err(Error::new(ErrorKind::Invalid, DOING).because("it refused the user or the password"));
        }
    }
    to.write_all(b"mn\r\n").await.map_err(lost)?;
    match Reply::read(&mut from, 0).await.map_err(lost)?.code {
        Code::End => Ok(()),
        Code::Confused => Err(Error::new(ErrorKind::Invalid, DOING)
            .because("it wants a user and a password, or doesn't know the meta commands (1.6 and later do)")),
        _ => Err(Error::new(ErrorKind::Store, DOING).because("it doesn't answer as memcached does")),
    }
}
