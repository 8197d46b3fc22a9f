//! The real world: tasks and timers on tokio, under whatever executor the caller has.

use std::io;
use std::sync::LazyLock;
use std::time::Duration;

use larder_core::{BoxFuture, Clock, Env, Error, ErrorKind, Random, Result, Spawner};
use tokio::runtime::{Builder, Handle};

use crate::panics::caught;

/// Puts [`Env::tokio`](TokioEnv::tokio) on [`Env`].
pub trait TokioEnv {
    /// The real world: the coarse clock, randomness from entropy, and tasks on tokio.
    ///
    /// A task runs on the tokio runtime of the thread that starts it; on a thread without one, on the runtime in which
    /// the environment was made; and if there was none either, on a small one that the process starts in the
    /// background when it is first needed. So a cache works under any executor, and under none.
    ///
    /// # When something fails
    ///
    /// Where no background runtime can be started, starting a task is an error
    /// ([`Overloaded`](ErrorKind::Overloaded)), and a sleep never ends.
    fn tokio() -> Env;
}

impl TokioEnv for Env {
    fn tokio() -> Env {
        let spawner = TokioSpawner { home: Handle::try_current().ok() };
        Env::new(Clock::coarse(), spawner, Random::from_entropy())
    }
}

/// Spawns where the caller is, or else at home, or else in the background.
struct TokioSpawner {
    home: Option<Handle>,
}

impl TokioSpawner {
    fn handle(&self) -> Result<Handle> {
        match Handle::try_current() {
            Ok(here) => Ok(here),
            Err(_) => self.home.clone().map_or_else(background, Ok),
        }
    }
}

impl Spawner for TokioSpawner {
    fn spawn(&self, task: BoxFuture<'static, ()>) -> Result<()> {
        drop(self.handle()?.spawn(task));
        Ok(())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let here = self.handle().ok().and_then(|handle| timer(&handle, duration));
        here.or_else(|| timer(&background().ok()?, duration))
            .unwrap_or_else(|| Box::pin(std::future::pending()))
    }
}

/// A timer of the runtime behind `handle`, unless that was built without timers.
fn timer(handle: &Handle, duration: Duration) -> Option<BoxFuture<'static, ()>> {
    caught(|| {
        let _entered = handle.enter();
        Box::pin(tokio::time::sleep(duration)) as BoxFuture<'static, ()>
    })
}

/// The runtime that the process shares where there is no other.
fn background() -> Result<Handle> {
    static BACKGROUND: LazyLock<io::Result<Handle>> = LazyLock::new(start);
    match &*BACKGROUND {
        Ok(handle) => Ok(handle.clone()),
        Err(error) => {
            let cause = io::Error::from(error.kind());
            Err(Error::new(ErrorKind::Overloaded, "starting a background runtime").because(cause))
        }
    }
}

/// A runtime on a thread of its own, for as long as the process lives.
fn start() -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let handle = runtime.handle().clone();
    let run = move || runtime.block_on(std::future::pending::<()>());
    std::thread::Builder::new().name("larder".into()).spawn(run)?;
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_task_and_a_timer_run_where_there_is_no_runtime() {
        let env = Env::tokio();
        let (sender, receiver) = mpsc::channel();
        let timer = env.sleep(Duration::ZERO);
        env.spawn(async move {
            timer.await;
            sender.send(Handle::try_current().is_ok()).unwrap();
        })
        .unwrap();
        assert_eq!(receiver.recv(), Ok(true));
    }

    #[test]
    fn a_task_runs_on_the_runtime_of_the_caller() {
        let runtime = Builder::new_current_thread().build().unwrap();
        let env = Env::tokio();
        let thread = std::thread::current().id();
        let ran_on = runtime.block_on(async {
            let (sender, receiver) = tokio::sync::oneshot::channel();
            env.spawn(async move { sender.send(std::thread::current().id()).unwrap() }).unwrap();
            receiver.await.unwrap()
        });
        assert_eq!(ran_on, thread);
    }

    #[test]
    fn a_runtime_without_timers_borrows_those_of_the_background() {
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { Env::tokio().sleep(Duration::ZERO).await });
    }
}
