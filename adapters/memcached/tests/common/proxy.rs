//! A wire to a server that the test can hold and cut.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What a direction of a connection does with bytes that come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Open,
    Held,
    Cut,
}

/// A connection through the wire.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) requests: watch::Sender<Flow>,
    pub(crate) answers: watch::Sender<Flow>,
}

/// Passes each connection on to a server.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    lines: Arc<Mutex<Vec<Line>>>,
}

impl Proxy {
    pub(crate) async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&lines);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { continue };
                let line = Line {
                    requests: watch::Sender::new(Flow::Open),
                    answers: watch::Sender::new(Flow::Open),
                };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(pump(from_client, to_server, line.requests.subscribe()));
                tokio::spawn(pump(from_server, to_client, line.answers.subscribe()));
                all.lock().expect("no panic").push(line);
            }
        });
        Self { port, lines }
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The connection that was made as the `n`th.
    pub(crate) fn line(&self, n: usize) -> Line {
        self.lines.lock().expect("no panic")[n].clone()
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut flow: watch::Receiver<Flow>,
) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        let Ok(now) = flow.wait_for(|flow| *flow != Flow::Held).await.map(|flow| *flow) else { return };
        if now == Flow::Cut || to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
