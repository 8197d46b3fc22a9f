//! The load: clients that ask the service over HTTP, each as soon as it has its answer.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::TokioIo;
use larder::Random;
use larder::lab::generate::Zipf;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Result;
use crate::options::Options;
use crate::product::Product;
use crate::service::SOURCE;

/// One request in so many is a change.
pub(crate) const CHANGES: u64 = 100;

/// How uneven the requests are: the exponent of Zipf's law.
pub(crate) const EXPONENT: f64 = 0.99;

/// What is asked of whom.
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) options: Options,
}

/// What the clients saw.
pub(crate) struct Outcome {
    pub(crate) elapsed: Duration,
    /// In nanoseconds.
    pub(crate) latencies: Histogram<u64>,
    pub(crate) changes: u64,
    /// How many products each source had.
    pub(crate) sources: HashMap<String, u64>,
}

impl Outcome {
    fn new() -> Result<Self> {
        let latencies = Histogram::new_with_bounds(1, 60_000_000_000, 3)?;
        Ok(Self { elapsed: Duration::ZERO, latencies, changes: 0, sources: HashMap::new() })
    }

    pub(crate) fn requests(&self) -> u64 {
        self.latencies.len()
    }

    /// How many of the reads `source` answered, from 0 to 1.
    pub(crate) fn share(&self, source: &str) -> f64 {
        let answered = self.sources.get(source).copied().unwrap_or_default();
        answered as f64 / self.sources.values().sum::<u64>().max(1) as f64
    }

    fn add(&mut self, other: Self) -> Result<()> {
        self.latencies.add(other.latencies)?;
        self.changes += other.changes;
        for (source, answered) in other.sources {
            *self.sources.entry(source).or_default() += answered;
        }
        Ok(())
    }
}

impl Load {
    /// Lets all clients ask until the time is over.
    pub(crate) async fn run(&self) -> Result<Outcome> {
        let began = Instant::now();
        let end = began + self.options.time();
        let mut running = JoinSet::new();
        for client in 0..self.options.clients {
            running.spawn(asks(self.address, u64::from(client), self.options.products, end));
        }
        let mut outcome = Outcome::new()?;
        while let Some(of_one) = running.join_next().await {
            outcome.add(of_one??)?;
        }
        outcome.elapsed = began.elapsed();
        Ok(outcome)
    }
}

/// One client. A product that is not the one it asked for ends the run.
async fn asks(address: SocketAddr, client: u64, products: u64, end: Instant) -> Result<Outcome> {
    let mut connection = connect(address).await?;
    let (mut outcome, random) = (Outcome::new()?, Random::seeded(client));
    for id in Zipf::new(products, EXPONENT, client + 1) {
        let asked = Instant::now();
        if asked >= end {
            break;
        }
        if random.next().is_multiple_of(CHANGES) {
            let product = Product { cents: random.next() % 20_000, ..Product::made_up(id) };
            let body = serde_json::to_vec(&product)?;
            let (parts, _) = ask(&mut connection, "PUT", id, body).await?.into_parts();
            expect(parts.status == StatusCode::NO_CONTENT)?;
            outcome.changes += 1;
        } else {
            let (parts, body) = ask(&mut connection, "GET", id, Vec::new()).await?.into_parts();
            expect(parts.status == StatusCode::OK)?;
            let body = body.collect().await?.to_bytes();
            expect(body.starts_with(format!("{{\"id\":{id},").as_bytes()))?;
            let source =
                parts.headers.get(SOURCE).and_then(|source| source.to_str().ok()).unwrap_or_default();
            *outcome.sources.entry(source.to_owned()).or_default() += 1;
        }
        let took = asked.elapsed().as_nanos();
        outcome.latencies.saturating_record(u64::try_from(took).unwrap_or(u64::MAX));
    }
    Ok(outcome)
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (requests, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(requests)
}

async fn ask(
    connection: &mut SendRequest<Full<Bytes>>,
    method: &str,
    id: u64,
    body: Vec<u8>,
) -> Result<Response<Incoming>> {
    let request = Request::builder().method(method).uri(format!("/products/{id}")).header("host", "shop");
    let request = request.header("content-type", "application/json").body(Full::from(body))?;
    connection.ready().await?;
    Ok(connection.send_request(request).await?)
}

fn expect(is_so: bool) -> Result<()> {
    if is_so { Ok(()) } else { Err("the service gave another answer than it should".into()) }
}
