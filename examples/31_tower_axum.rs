//! A tower layer before an axum service: whole responses are kept, and answered without the handler.
//!
//! Use it where handlers are slow and their answers are the same for everybody. It keeps what RFC 9111 lets a shared cache
//! keep: never what sets a cookie or says `private`, and what varies by a header only if the header is part of the key.
//! It costs a look-up a request, and room for the bodies. This example starts a server on a free port of this machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, SET_COOKIE, VARY};
use axum::routing::get;
use larder::policies::S3Fifo;
use larder::prelude::*;
use larder::tower::{CacheLayer, Http, HttpKey, HttpResponse};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A shop whose handlers count how often they are called.
fn shop(calls: &Arc<AtomicUsize>) -> Router {
    let counted = |calls: &Arc<AtomicUsize>| {
        let calls = Arc::clone(calls);
        move || calls.fetch_add(1, Ordering::Relaxed) + 1
    };
    let (slow, varied, personal) = (counted(calls), counted(calls), counted(calls));
    Router::new()
        .route("/prices", get(async move || ([(CACHE_CONTROL, "max-age=60")], format!("prices {}", slow()))))
        .route("/hello", get(async move || ([(VARY, "accept-language")], format!("hello {}", varied()))))
        .route("/basket", get(async move || ([(SET_COOKIE, "basket=7")], format!("basket {}", personal()))))
}

/// What a browser sees: the body of the answer.
async fn browse(address: std::net::SocketAddr, path: &str, language: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: shop\r\naccept-language: {language}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await?;
    Ok(response.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = MemoryOptions::<HttpKey, HttpResponse>::new(64 << 20)
        .weigh(|key, response| (key.as_ref().len() + response.body.len()) as u32)
        .ttl(Duration::from_secs(10)); // where a response doesn't say
    let cache = CacheLayer::new(options.build(S3Fifo::new), Http::new(1 << 20).vary([ACCEPT_LANGUAGE]));
    let calls = Arc::new(AtomicUsize::new(0));
    let app = shop(&calls).layer(cache.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async move { axum::serve(listener, app).await });

    let first = browse(address, "/prices", "en").await?;
    for _ in 0..99 {
        assert_eq!(browse(address, "/prices", "en").await?, first);
    }
    println!("a hundred browsers, {} call of the handler", calls.load(Ordering::Relaxed));
    assert_eq!(calls.load(Ordering::Relaxed), 1);

    let (english, german) = (browse(address, "/hello", "en").await?, browse(address, "/hello", "de").await?);
    assert_ne!(english, german);
    assert_eq!(browse(address, "/hello", "de").await?, german);
    println!("what varies by language is kept once for each: {english}, {german}");

    let (one, other) = (browse(address, "/basket", "en").await?, browse(address, "/basket", "en").await?);
    assert_ne!(one, other);
    println!("what sets a cookie is never kept: {one}, {other}");
    println!("{:?}", cache.stats());
    server.abort();
    Ok(())
}
