//! An HTTP origin behind a cache: pages live as long as their headers say, are asked for again with their tag, and are answered
//! stale when the server fails.
//!
//! Use it when what you cache comes over HTTP. It costs the memory of the answers whose tags are remembered, which the cache
//! shares as long as it has them.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use larder::http::{Ask, HttpOrigin};
use larder::patterns::Freshness;
use larder::policies::Lru;
use larder::prelude::*;

const DAY: Duration = Duration::from_hours(24);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let down = Arc::new(AtomicBool::new(false));
    let url = serve(Arc::clone(&down))?;
    let env = Env::tokio();
    let origin = HttpOrigin::new(move |page: &String| Ask::get(&url).segment(page), &env)?;
    let origin = Arc::new(origin.timeout(Duration::from_secs(5)).allow_stale(DAY));
    let freshness = Freshness::new().no_back_off();
    let pages = Memory::new(1_000, Lru::new).keep_fresh(Arc::clone(&origin), freshness, &env)?;
    let read = async |page: &str| pages.value(&page.to_owned()).await;

    for _ in 0..3 {
        assert!(read("hour").await?.is_some());
    }
    println!("three reads of a page that is fresh for an hour: {} request", origin.stats().requests);
    assert_eq!(origin.stats().requests, 1);

    for _ in 0..3 {
        assert!(read("always").await?.is_some());
    }
    let stats = origin.stats();
    println!(
        "three reads of a page that is never fresh: {} body sent, {} times \"not modified\"",
        stats.loaded - 1,
        stats.renewed
    );
    assert_eq!((stats.loaded, stats.renewed), (2, 2));

    assert!(read("nowhere").await?.is_none());
    println!("a page that is not there: no error, no page");

    down.store(true, Ordering::Relaxed);
    assert!(read("always").await?.is_some());
    assert_eq!(origin.stats().failed, 1);
    println!("the server fails: the stale page is the answer, as the server had allowed");
    Ok(())
}

/// A server of two pages, which fails when told. It lives as long as the process.
fn serve(down: Arc<AtomicBool>) -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that leaves early is no trouble of the server's.
            let _ = answer(stream, down.load(Ordering::Relaxed));
        }
    });
    Ok(url)
}

fn answer(mut stream: TcpStream, down: bool) -> std::io::Result<()> {
    let lines = BufReader::new(stream.try_clone()?).lines();
    let head: Vec<String> =
        lines.take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty())).flatten().collect();
    let path = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or("/");
    let life = if path == "/hour" { "max-age=3600" } else { "max-age=0, stale-if-error=3600" };
    let is_known = head.iter().any(|line| line.eq_ignore_ascii_case("if-none-match: \"1\""));
    let (status, body) = match path {
        _ if down => ("503 Down", ""),
        "/hour" | "/always" if is_known => ("304 Not Modified", ""),
        "/hour" | "/always" => ("200 OK", "a page"),
        _ => ("404 Not Found", ""),
    };
    let head = format!("HTTP/1.1 {status}\r\ncache-control: {life}\r\netag: \"1\"\r\nconnection: close\r\n");
    let length = if is_known { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    stream.write_all(format!("{head}{length}\r\n{body}").as_bytes())
}
