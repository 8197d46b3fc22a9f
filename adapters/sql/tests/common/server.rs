//! A PostgreSQL server of the test's own, on a free port of the loopback, in a folder that goes when it goes.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use larder_sql::Postgres;

/// PostgreSQL refuses to run as root: then it runs as nobody.
const NOBODY: u32 = 65_534;

/// Runs the server beside itself, and ends it when whoever started it ends: then its input is at its end.
const WATCH: &str = r#""$0" "$@" & server=$!; read -r _; kill -INT $server; wait $server; [ -e "$FOLDER/kept" ] || rm -rf "$FOLDER""#;

pub(crate) struct Server {
    programs: PathBuf,
    folder: PathBuf,
    pub(crate) port: u16,
    watch: Child,
    schemas: AtomicU64,
}

impl Server {
    /// The one server of this test program; `None`, and a line that says so, where PostgreSQL is not installed.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SERVER: OnceLock<Option<Server>> = OnceLock::new();
        SERVER.get_or_init(Self::start).as_ref()
    }

    /// A server for one test.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            println!("skipped: PostgreSQL is not installed: apt-get install postgresql");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder").keep();
        if is_root(&folder) {
            chown(&folder, Some(NOBODY), Some(NOBODY)).expect("root gives it away");
        }
        initialize(&programs, &folder);
        let port = free_port();
        let watch = run(&programs, &folder, port);
        let server = Self { programs, folder, port, watch, schemas: AtomicU64::new(0) };
        server.wait();
        Some(server)
    }

    /// Where it is, to the superuser with this password.
    pub(crate) fn url(&self, password: &str) -> String {
        format!("postgres://postgres:{password}@127.0.0.1:{}/postgres", self.port)
    }

    /// A schema of its own for each caller.
    pub(crate) async fn schema(&self) -> String {
        let name = format!("s{}", self.schemas.fetch_add(1, Ordering::Relaxed));
        let db = Postgres::connect(&self.url("secret")).await.expect("the server is there");
        let sql = larder_sql::sqlx::AssertSqlSafe(format!("CREATE SCHEMA {name}"));
        larder_sql::sqlx::query(sql).execute(db.pool()).await.expect("a schema");
        db.close().await;
        name
    }

    /// A URL whose tables are in this schema.
    pub(crate) fn url_of(&self, schema: &str) -> String {
        format!("{}?options=-c%20search_path%3D{schema}", self.url("secret"))
    }

    /// A database of a new schema.
    pub(crate) async fn database(&self) -> Postgres {
        let schema = self.schema().await;
        self.database_of(&schema).await
    }

    /// Another handle on the database of this schema.
    pub(crate) async fn database_of(&self, schema: &str) -> Postgres {
        Postgres::connect(&self.url_of(schema)).await.expect("the server is there")
    }

    /// Ends it without a chance to say good-bye.
    pub(crate) fn kill(&mut self) {
        self.signal("-KILL");
        fs::write(self.folder.join("kept"), "").expect("a file");
        drop(self.watch.stdin.take());
        self.watch.wait().expect("it ends");
    }

    /// Starts it again after [`kill`](Self::kill), on the same port.
    pub(crate) fn restart(&mut self) {
        fs::remove_file(self.folder.join("kept")).expect("it was killed");
        self.watch = run(&self.programs, &self.folder, self.port);
        self.wait();
    }

    /// Stops the server and each process of it where it stands.
    pub(crate) fn stop_all(&self) {
        self.signal_all("-STOP");
    }

    /// Lets them go on.
    pub(crate) fn continue_all(&self) {
        self.signal_all("-CONT");
    }

    fn signal_all(&self, signal: &str) {
        let server = self.number();
        let found = Command::new("ps").args(["-o", "pid=", "--ppid", &server]).output().expect("ps is there");
        let children = String::from_utf8_lossy(&found.stdout).into_owned();
        let all = std::iter::once(server.as_str()).chain(children.split_whitespace());
        // A child may end in between.
        let _ = Command::new("kill").arg(signal).args(all).stderr(Stdio::null()).status();
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.number()]).status();
        assert!(sent.expect("kill is there").success());
    }

    /// The number of the server's process.
    fn number(&self) -> String {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid")).expect("it runs");
        file.lines().next().expect("its number").to_owned()
    }

    /// Until it takes connections.
    fn wait(&self) {
        let limit = Instant::now() + Duration::from_mins(1);
        while !answers(self.port) {
            assert!(Instant::now() < limit, "PostgreSQL doesn't start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.continue_all();
        drop(self.watch.stdin.take());
        let _ = self.watch.wait();
    }
}

/// The folder of `postgres` and `initdb`. Debian has it beside the path, by version.
fn programs() -> Option<PathBuf> {
    let has_them = |folder: &PathBuf| ["postgres", "initdb"].iter().all(|name| folder.join(name).is_file());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    std::env::split_paths(&path).chain(debian).find(has_them)
}

fn is_root(folder: &Path) -> bool {
    fs::metadata(folder).expect("it is there").uid() == 0
}

fn command(program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    if fs::metadata(folder).expect("it is there").uid() == NOBODY {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir(folder).env("LC_ALL", "C").env("FOLDER", folder);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn initialize(programs: &Path, folder: &Path) {
    let password = folder.join("password");
    fs::File::create(&password).and_then(|mut file| file.write_all(b"secret")).expect("a file");
    let mut initdb = command(programs.join("initdb"), folder);
    initdb.args([
        "-D",
        "data",
        "-U",
        "postgres",
        "-A",
        "scram-sha-256",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
    ]);
    initdb.arg("--pwfile").arg(&password).stderr(Stdio::piped());
    let done = initdb.output().expect("initdb can be started");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn run(programs: &Path, folder: &Path, port: u16) -> Child {
    let mut watch = command("sh", folder);
    watch.args(["-c", WATCH]).arg(programs.join("postgres"));
    watch.args(["-D", "data", "-h", "127.0.0.1", "-p", &port.to_string(), "-c", "unix_socket_directories="]);
    watch.args(["-c", "fsync=off", "-c", "deadlock_timeout=50ms", "-c", "max_connections=200"]);
    watch.stdin(Stdio::piped()).spawn().expect("sh can be started")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// Whether it answers a start of a connection with anything but "I am not ready": an `R` for authentication.
fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut message = vec![0, 0, 0, 23, 0, 3, 0, 0];
    message.extend(b"user\0postgres\0\0");
    let mut first = [0];
    stream.write_all(&message).is_ok() && stream.read_exact(&mut first).is_ok() && first == *b"R"
}
