//! A PostgreSQL server for this run: on a free port of this machine, in a folder that goes when it goes.

use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// PostgreSQL refuses to run as root: then it runs as nobody.
const NOBODY: u32 = 65_534;

/// A running server. Ended when dropped.
pub(crate) struct Running {
    child: Child,
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Running {
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn is_ready(&self) -> bool {
        let mut asked = command(&self.programs.join("pg_isready"), &self.folder);
        let port = self.port.to_string();
        asked.args(["-q", "-h", "127.0.0.1", "-p", &port]).status().is_ok_and(|status| status.success())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let stop = ["stop", "-D", "data", "-m", "immediate", "-s"];
        let _ = command(&self.programs.join("pg_ctl"), &self.folder).args(stop).status();
        let _ = self.child.wait();
    }
}

/// A server and its version; `None` where PostgreSQL is not installed.
pub(crate) fn start() -> io::Result<Option<(Running, String)>> {
    let Some(programs) = programs() else { return Ok(None) };
    let folder = tempfile::Builder::new().prefix("larder-shop-").tempdir()?;
    if std::fs::metadata(folder.path())?.uid() == 0 {
        chown(&folder, Some(NOBODY), Some(NOBODY))?;
    }
    let mut initdb = command(&programs.join("initdb"), &folder);
    initdb.args(["-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
    if !initdb.status()?.success() {
        return Err(io::Error::other("initdb can't make a database"));
    }
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut postgres = command(&programs.join("postgres"), &folder);
    postgres.args(["-D", "data", "-h", "127.0.0.1", "-p", &port.to_string()]);
    let child = postgres.args(["-c", "unix_socket_directories="]).spawn()?;
    let version = version(&programs).unwrap_or_else(|| "PostgreSQL".to_owned());
    let mut running = Running { child, programs, folder, port };
    wait(&mut running)?;
    Ok(Some((running, version)))
}

fn wait(running: &mut Running) -> io::Result<()> {
    let limit = Instant::now() + Duration::from_secs(30);
    while !running.is_ready() {
        if running.child.try_wait()?.is_some() || Instant::now() > limit {
            return Err(io::Error::other("PostgreSQL doesn't start"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Where the programs are. Debian has them beside the path, by version.
fn programs() -> Option<PathBuf> {
    let has_them = |folder: &PathBuf| {
        ["postgres", "initdb", "pg_ctl", "pg_isready"].iter().all(|name| folder.join(name).is_file())
    };
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    let path = std::env::var_os("PATH").unwrap_or_default();
    debian.into_iter().chain(std::env::split_paths(&path)).find(has_them)
}

fn version(programs: &Path) -> Option<String> {
    let said = Command::new(programs.join("postgres")).arg("--version").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    Some(format!("PostgreSQL {}", said.split_whitespace().nth(2)?))
}

fn command(program: &Path, folder: &TempDir) -> Command {
    let mut command = Command::new(program);
    if std::fs::metadata(folder.path()).is_ok_and(|folder| folder.uid() == NOBODY) {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir(folder.path()).env("LC_ALL", "C");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}
