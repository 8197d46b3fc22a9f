//! A server of the test's own on a loopback port, which answers byte by byte what it is told.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    head: String,
}

impl Request {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let line =
            self.head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
        Some(line[name.len() + 1..].trim())
    }
}

/// What the server does with a request. The connection is closed afterwards.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Sends these bytes.
    Bytes(Vec<u8>),
    /// Sends these bytes, and then nothing more, until the client leaves.
    Hang(Vec<u8>),
    /// Sends these bytes, and then a body without end.
    Endless(Vec<u8>),
}

impl Reply {
    /// An answer with a body of the right length.
    pub(crate) fn answer(status: u16, headers: &[&str], body: &str) -> Self {
        let mut text =
            format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
        for header in headers {
            text.push_str(header);
            text.push_str("\r\n");
        }
        Self::Bytes(format!("{text}\r\n{body}").into_bytes())
    }

    pub(crate) fn bytes(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

/// Stopped when it is dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Seen>,
    listening: JoinHandle<()>,
}

struct Seen {
    requests: Mutex<Vec<Request>>,
    arrivals: Semaphore,
}

impl Server {
    /// Starts a server that answers as `reply` says.
    pub(crate) async fn start(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Seen { requests: Mutex::default(), arrivals: Semaphore::new(0) });
        let (noted, reply) = (Arc::clone(&seen), Arc::new(reply));
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (noted, reply) = (Arc::clone(&noted), Arc::clone(&reply));
                tokio::spawn(async move { serve(stream, &noted, &*reply).await });
            }
        });
        Self { url, seen, listening }
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.seen.requests.lock().unwrap().clone()
    }

    /// Waits until a request has arrived that nobody has waited for yet.
    pub(crate) async fn arrival(&self) {
        self.seen.arrivals.acquire().await.unwrap().forget();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn serve(mut stream: TcpStream, seen: &Seen, reply: &(impl Fn(&Request) -> Reply + ?Sized)) {
    let Some(request) = read(&mut stream).await else { return };
    let reply = reply(&request);
    seen.requests.lock().unwrap().push(request);
    seen.arrivals.add_permits(1);
    // A client that has left is the end of it, whatever was to be sent.
    let _ = send(&mut stream, reply).await;
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await.ok()? == 0 {
            return None;
        }
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let path = head.split(' ').nth(1)?.to_owned();
    Some(Request { path, head })
}

async fn send(stream: &mut TcpStream, reply: Reply) -> std::io::Result<()> {
    match reply {
        Reply::Bytes(bytes) => stream.write_all(&bytes).await?,
        Reply::Hang(bytes) => {
            stream.write_all(&bytes).await?;
            let _ = stream.read_u8().await;
        }
        Reply::Endless(bytes) => {
            stream.write_all(&bytes).await?;
            loop {
                stream.write_all(&[b'x'; 4096]).await?;
            }
        }
    }
    stream.shutdown().await
}
