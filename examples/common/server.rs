//! A server for an example: on a free port of this machine, ended with the example.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running server. Ended when dropped.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts `program`, which takes its port after `-p` or `--port`. `None` where it is not installed, or doesn't start.
pub(crate) fn start(program: &str, arguments: &[&str]) -> Option<(Running, u16)> {
    let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
    let flag = if program == "memcached" { "-p" } else { "--port" };
    let mut command = Command::new(program);
    command.args([flag, &port.to_string()]).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    let running = Running(command.spawn().ok()?);
    for _ in 0..500 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some((running, port));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    None
}
