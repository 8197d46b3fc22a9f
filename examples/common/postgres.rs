//! A PostgreSQL server for an example: in a folder of its own, on a free port of this machine, ended with the example.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Root may not run PostgreSQL, so nobody does.
const NOBODY: u32 = 65_534;

/// A running server. Ended when dropped, and its folder with it.
pub(crate) struct Running {
    server: Child,
    folder: PathBuf,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-INT", &self.server.id().to_string()]).status();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Starts a server, and tells its URL. `None` where PostgreSQL is not installed, or doesn't start.
pub(crate) fn start() -> Option<(Running, String)> {
    let programs = programs()?;
    let folder = std::env::temp_dir().join(format!("larder-postgres-{}", std::process::id()));
    fs::create_dir(&folder).ok()?;
    if fs::metadata(&folder).ok()?.uid() == 0 {
        chown(&folder, Some(NOBODY), Some(NOBODY)).ok()?;
    }
    let init = ["-D", "data", "-U", "larder", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
    command(&programs.join("initdb"), &folder).args(init).status().ok()?;
    let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
    let mut postgres = command(&programs.join("postgres"), &folder);
    postgres.args([
        "-D",
        "data",
        "-h",
        "127.0.0.1",
        "-p",
        &port.to_string(),
        "-c",
        "unix_socket_directories=",
    ]);
    let running = Running { server: postgres.spawn().ok()?, folder };
    for _ in 0..1_000 {
        // A listening server may still say that it is starting up.
        if TcpStream::connect(("127.0.0.1", port)).is_ok() && is_ready(&running.folder) {
            return Some((running, format!("postgres://larder@127.0.0.1:{port}/postgres")));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    None
}

/// The last line of the file says how far the server is.
fn is_ready(folder: &Path) -> bool {
    let file = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
    file.lines().last().is_some_and(|status| status.trim() == "ready")
}

/// The folder of PostgreSQL's programs: in the path, or where Debian has them.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    let has_both = |folder: &PathBuf| folder.join("postgres").is_file() && folder.join("initdb").is_file();
    std::env::split_paths(&path).chain(debian).find(has_both)
}

fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    if fs::metadata(folder).is_ok_and(|folder| folder.uid() == NOBODY) {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    command
}
