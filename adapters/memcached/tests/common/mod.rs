//! A memcached server of the test's own, on a free port of the loopback.

#![allow(dead_code, reason = "each test uses its own part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use larder_core::{Entry, Label, Lease, Lookup, Parcel, Store};
use larder_memcached::{Memcached, MemcachedOptions};
use larder_testkit::Wire;

/// A server. Ended when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    arguments: Vec<String>,
}

impl Server {
    /// A server with these further settings; `None`, and a line that says so, where memcached is not installed.
    pub(crate) fn start(arguments: &[&str]) -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        if !std::env::split_paths(&path).any(|folder| folder.join("memcached").is_file()) {
            println!("skipped: memcached is not installed: apt-get install memcached");
            return None;
        }
        let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
        // Another program may take the port first.
        for _ in 0..10 {
            let port = free_port();
            if let Some(child) = spawn(port, &arguments) {
                return Some(Self { child, port, arguments });
            }
        }
        panic!("memcached doesn't start");
    }

    /// A way to it that a test can hold and cut.
    pub(crate) fn wire(&self) -> Wire {
        Wire::to((Ipv4Addr::LOCALHOST, self.port).into()).expect("a free port")
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A client of the namespace `test`.
    pub(crate) async fn client(&self) -> Memcached {
        self.client_with(MemcachedOptions::new()).await
    }

    pub(crate) async fn client_with(&self, options: MemcachedOptions) -> Memcached {
        options.namespace("test").connect(&self.address()).await.expect("the server is there")
    }

    /// What the server says to these commands, on a connection beside all clients.
    pub(crate) fn say(&self, commands: &str) -> String {
        let mut stream = TcpStream::connect(self.address()).expect("the server is there");
        stream.write_all(format!("{commands}mn\r\n").as_bytes()).expect("it listens");
        let mut said = String::new();
        for line in BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| line != "MN") {
            said.push_str(&line);
            said.push('\n');
        }
        said
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().expect("kill is there").success());
        while signal == "-STOP" && !has_stopped(&pid) {
            std::thread::yield_now();
        }
    }

    /// Ends it without a chance to say good-bye.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("the server can be ended");
        self.child.wait().expect("the server ends");
    }

    /// Starts it again, on the same port.
    pub(crate) fn restart(&mut self) {
        let child = (0..50).find_map(|_| spawn(self.port, &self.arguments));
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

/// A server that is ready, or `None` if it ended before.
fn spawn(port: u16, arguments: &[String]) -> Option<Child> {
    let mut command = Command::new("memcached");
    // It refuses to run as root without being told so; for others the option does nothing.
    command.args(["-u", "root", "-U", "0", "-t", "2", "-l", "127.0.0.1", "-p", &port.to_string()]);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("memcached can be started");
    let limit = Instant::now() + Duration::from_secs(20);
    while Instant::now() < limit {
        if child.try_wait().expect("it can be asked").is_some() {
            break;
        }
        if answers(port) {
            return Some(child);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    stream.write_all(b"version\r\n").is_ok() && matches!(stream.read(&mut [0; 64]), Ok(1..))
}

/// A key that no other test has.
pub(crate) fn new_key() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("key{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The name under which the namespace `test` keeps `key`.
pub(crate) fn stored(key: &str) -> String {
    format!("larder:4:test:k{key}")
}

pub(crate) fn parcel(text: &str) -> Parcel {
    Parcel::new(Label::default(), text.as_bytes())
}

pub(crate) fn entry(text: &str) -> Entry<Parcel> {
    Entry::new(parcel(text))
}

pub(crate) async fn get(client: &Memcached, key: &str) -> Option<String> {
    let found = client.get(&key.to_owned()).await.expect("the server is well");
    found.value().map(|parcel| String::from_utf8_lossy(parcel.payload()).into_owned())
}

pub(crate) async fn miss(client: &Memcached, key: &str) -> Lease {
    match client.get(&key.to_owned()).await.expect("the server is well") {
        Lookup::Miss(lease) => lease,
        Lookup::Hit(_) => panic!("a hit where a miss should be"),
    }
}

/// Waits until `done`, which something else brings about.
pub(crate) async fn until(mut done: impl AsyncFnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(30);
    while !done().await {
        assert!(Instant::now() < limit, "it should have come about by now");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
