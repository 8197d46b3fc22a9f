//! A Redis server of the test's own, on a free port of the loopback, in a folder that is thrown away.

#![allow(dead_code, reason = "each test uses its own part")]

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder_core::{Entry, Label, Lease, Lookup, Parcel, Store};
use larder_redis::{Redis, RedisOptions};
use larder_testkit::Wire;
use redis::aio::MultiplexedConnection;
use tempfile::TempDir;

/// A server. Ended when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    folder: TempDir,
    arguments: Vec<String>,
}

impl Server {
    /// A server with these further settings; `None`, and a line that says so, where Redis is not installed.
    pub(crate) fn start(arguments: &[&str]) -> Option<Self> {
        if !is_installed() {
            println!("skipped: redis-server is not installed: apt-get install redis-server");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder for the server");
        let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
        // Another program may take the port first.
        for _ in 0..10 {
            let port = free_port();
            if let Some(child) = spawn(port, &folder, &arguments) {
                return Some(Self { child, port, folder, arguments });
            }
        }
        panic!("redis-server doesn't start");
    }

    /// A way to it that a test can hold and cut.
    pub(crate) fn wire(&self) -> Wire {
        Wire::to((Ipv4Addr::LOCALHOST, self.port).into()).expect("a free port")
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// A client of the namespace `test`.
    pub(crate) async fn client(&self) -> Redis {
        self.client_with(RedisOptions::new()).await
    }

    pub(crate) async fn client_with(&self, options: RedisOptions) -> Redis {
        options.namespace("test").connect(&self.url()).await.expect("the server is there")
    }

    /// A connection beside all clients, to see what they have done.
    pub(crate) async fn peek(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.url()).expect("a good URL");
        client.get_multiplexed_async_connection().await.expect("the server is there")
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().expect("kill is there");
        assert!(sent.success());
        while signal == "-STOP" && !has_stopped(&pid) {
            std::thread::yield_now();
        }
    }

    /// Ends it without a chance to say good-bye.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("the server can be ended");
        self.child.wait().expect("the server ends");
    }

    /// Starts it again, on the same port and with what its folder holds.
    pub(crate) fn restart(&mut self) {
        let child = (0..50).find_map(|_| spawn(self.port, &self.folder, &self.arguments));
        self.child = child.expect("the server starts again");
    }
}

/// Whether a process has stopped, with all its threads: a signal is sent sooner than it is seen.
fn has_stopped(pid: &str) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return true };
    let state = |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("stat"));
    threads.flatten().filter_map(|thread| state(thread).ok()).all(|state| state.contains(") T "))
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn is_installed() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join("redis-server").is_file())
}

/// A server that is ready, or `None` if it ended before.
fn spawn(port: u16, folder: &TempDir, arguments: &[String]) -> Option<Child> {
    let mut command = Command::new("redis-server");
    if arguments.first().is_some_and(|first| first == "--sentinel") {
        command.arg(folder.path().join("sentinel.conf"));
        let _ = std::fs::write(folder.path().join("sentinel.conf"), "");
    }
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1"]).arg("--dir").arg(folder.path());
    if !arguments.iter().any(|argument| argument == "--save" || argument == "--sentinel") {
        command.args(["--save", "", "--appendonly", "no"]);
    }
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("redis-server can be started");
    let said = BufReader::new(child.stdout.take().expect("its output"));
    let mut lines = said.lines().map_while(Result::ok);
    if lines.any(|line| line.contains("Ready to accept connections") || line.contains("+monitor ")) {
        // What else it says must be read, or it would wait for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        return Some(child);
    }
    let _ = child.wait();
    None
}

/// A key that no other test has.
pub(crate) fn new_key() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("key {}", NEXT.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn parcel(text: &str) -> Parcel {
    Parcel::new(Label::default(), text.as_bytes())
}

pub(crate) fn entry(text: &str) -> Entry<Parcel> {
    Entry::new(parcel(text))
}

pub(crate) async fn get(client: &Redis, key: &str) -> Option<String> {
    let found = client.get(&key.to_owned()).await.expect("the server is well");
    found.value().map(|parcel| String::from_utf8_lossy(parcel.payload()).into_owned())
}

pub(crate) async fn miss(client: &Redis, key: &str) -> Lease {
    match client.get(&key.to_owned()).await.expect("the server is well") {
        Lookup::Miss(lease) => lease,
        Lookup::Hit(_) => panic!("a hit where a miss should be"),
    }
}

/// Waits until `done`, which something else brings about.
pub(crate) async fn until(mut done: impl AsyncFnMut() -> bool) {
    let limit = std::time::Instant::now() + Duration::from_secs(30);
    while !done().await {
        assert!(std::time::Instant::now() < limit, "it should have come about by now");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
