//! A wire to a server, which a test can hold and cut.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Passes each connection to it on to a server, byte for byte, on threads of its own: for stores and origins over TCP, whose
/// requests are to arrive late, or whose answers never. It is cut when it is dropped.
///
/// ```
/// use std::io::{Read, Write};
/// use std::net::{TcpListener, TcpStream};
/// use larder_testkit::Wire;
///
/// let server = TcpListener::bind("127.0.0.1:0")?;
/// let wire = Wire::to(server.local_addr()?)?;
/// let mut client = TcpStream::connect(wire.address())?;
/// let (mut served, _) = server.accept()?;
///
/// let line = wire.line(0);
/// line.requests().hold();
/// client.write_all(b"late")?;
/// line.requests().until_held();
/// line.requests().open();
/// let mut late = [0; 4];
/// served.read_exact(&mut late)?;
/// assert_eq!(&late, b"late");
///
/// line.answers().cut();
/// served.write_all(b"lost")?;
/// assert_eq!(client.read(&mut late)?, 0, "the end");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Wire {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    lines: Mutex<Vec<Line>>,
    connected: Condvar,
    is_over: AtomicBool,
}

/// A connection through a [`Wire`].
#[derive(Clone, Default)]
pub struct Line {
    requests: Flow,
    answers: Flow,
}

/// A direction of a [`Line`]: open at first.
#[derive(Clone, Default)]
pub struct Flow(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    way: Way,
    /// Whether bytes wait for it to open.
    is_awaited: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Way {
    #[default]
    Open,
    Held,
    Cut,
}

impl Wire {
    /// A wire to `server`, from a free port of the loopback.
    pub fn to(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::<Shared>::default();
        let wire = Self { address, shared: Arc::clone(&shared) };
        thread::Builder::new().spawn(move || {
            for client in listener.incoming() {
                if shared.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(server)) else { continue };
                let line = Line::default();
                if line.connect(client, server).is_ok() {
                    locked(&shared.lines).push(line);
                    shared.connected.notify_all();
                }
            }
        })?;
        Ok(wire)
    }

    /// Where to connect.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The connection that was made as the `n`th, from 0. Waits until there is one.
    pub fn line(&self, n: usize) -> Line {
        let mut lines = locked(&self.shared.lines);
        loop {
            match lines.get(n) {
                Some(line) => return line.clone(),
                None => lines = waited(&self.shared.connected, lines),
            }
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // So that the listener looks.
        drop(TcpStream::connect(self.address));
        for line in locked(&self.shared.lines).iter() {
            line.requests.cut();
            line.answers.cut();
        }
    }
}

impl Line {
    /// From the client to the server.
    pub const fn requests(&self) -> &Flow {
        &self.requests
    }

    /// From the server to the client.
    pub const fn answers(&self) -> &Flow {
        &self.answers
    }

    fn connect(&self, client: TcpStream, server: TcpStream) -> io::Result<()> {
        let (to_client, to_server) = (client.try_clone()?, server.try_clone()?);
        let (requests, answers) = (self.requests.clone(), self.answers.clone());
        thread::Builder::new().spawn(move || requests.pump(client, to_server))?;
        thread::Builder::new().spawn(move || answers.pump(server, to_client))?;
        Ok(())
    }
}

impl Flow {
    /// Lets bytes through, those first that were held.
    pub fn open(&self) {
        self.set(Way::Open);
    }

    /// Holds what comes from now on.
    pub fn hold(&self) {
        self.set(Way::Held);
    }

    /// Lets nothing through any more: what comes is lost, and who reads finds the end.
    pub fn cut(&self) {
        self.set(Way::Cut);
    }

    /// Waits until there are bytes that are held.
    pub fn until_held(&self) {
        let mut state = locked(&self.0.0);
        while !state.is_awaited {
            state = waited(&self.0.1, state);
        }
    }

    fn set(&self, way: Way) {
        locked(&self.0.0).way = way;
        self.0.1.notify_all();
    }

    /// Whether what came may go on.
    fn lets_through(&self) -> bool {
        let mut state = locked(&self.0.0);
        while state.way == Way::Held {
            state.is_awaited = true;
            self.0.1.notify_all();
            state = waited(&self.0.1, state);
        }
        state.is_awaited = false;
        state.way == Way::Open
    }

    fn pump(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut bytes = vec![0; 64 << 10];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            if !self.lets_through() || to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        // Whoever is at the end of it has left already, if these fail.
        let _ = (from.shutdown(Shutdown::Read), to.shutdown(Shutdown::Write));
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn waited<'a, T>(condition: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condition.wait(guard).unwrap_or_else(PoisonError::into_inner)
}
