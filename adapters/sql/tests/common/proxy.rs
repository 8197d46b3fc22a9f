//! A way to a server that a test can hold.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes each connection on to a server, as long as it is open.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    is_open: watch::Sender<bool>,
    /// How many bytes of requests wait for the way to open.
    held: Arc<watch::Sender<usize>>,
}

impl Proxy {
    pub(crate) async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let proxy = Self { port, is_open: watch::Sender::new(true), held: Arc::default() };
        let (is_open, held) = (proxy.is_open.subscribe(), Arc::clone(&proxy.held));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { continue };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(pump(from_client, to_server, Some((is_open.clone(), Arc::clone(&held)))));
                tokio::spawn(pump(from_server, to_client, None));
            }
        });
        proxy
    }

    /// Keeps what comes from now on.
    pub(crate) fn hold(&self) {
        self.is_open.send_replace(false);
    }

    /// Until a request is kept.
    pub(crate) async fn has_some(&self) {
        self.held.subscribe().wait_for(|held| *held > 0).await.expect("the proxy is there");
    }

    /// Passes on what was kept.
    pub(crate) fn open(&self) {
        self.is_open.send_replace(true);
    }
}

type Gate = (watch::Receiver<bool>, Arc<watch::Sender<usize>>);

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut gate: Option<Gate>) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if let Some((is_open, held)) = &mut gate
            && !*is_open.borrow()
        {
            held.send_modify(|held| *held += length);
            if is_open.wait_for(|is_open| *is_open).await.is_err() {
                return;
            }
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
