//! How far the work has come, for those who wait in front of a terminal; and Ctrl-C.

use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use larder_lab::replay::Watch;

use crate::failure::Failure;

/// Nothing is shown of what takes less.
const PATIENCE: Duration = Duration::from_secs(2);
const STEP: Duration = Duration::from_millis(100);

/// The watch that Ctrl-C stops.
pub(crate) fn watch() -> Arc<Watch> {
    static WATCH: OnceLock<Arc<Watch>> = OnceLock::new();
    let watch = WATCH.get_or_init(|| {
        let watch = Arc::new(Watch::default());
        let told = Arc::clone(&watch);
        // Where no handler can be set, Ctrl-C just ends the program.
        let _ = ctrlc::set_handler(move || {
            if told.is_stopped() {
                std::process::exit(130);
            }
            told.stop();
        });
        watch
    });
    Arc::clone(watch)
}

/// What is said where a file would have been written.
pub(crate) const NOTHING: &str = "nothing was written";

/// Fails if Ctrl-C was pressed, with what was `done` until then.
pub(crate) fn stopped(done: impl FnOnce() -> String) -> Result<(), Failure> {
    if watch().is_stopped() { Err(Failure::Stopped(done())) } else { Ok(()) }
}

/// A bar that is shown after two seconds, if there is a terminal to show it on.
pub(crate) struct Progress {
    ended: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Shows how many requests the watch counts from now on: of this many if it is known, else of as many as the part of
    /// the file lets expect.
    pub(crate) fn start(what: &'static str, of: Option<u64>) -> Self {
        let (ended, end) = channel();
        if !std::io::stderr().is_terminal() {
            return Self { ended, thread: None };
        }
        let watch = watch();
        let before = watch.done();
        watch.tell(None);
        let thread = thread::spawn(move || {
            if end.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = bar(what, of, watch.part().is_some());
            while end.recv_timeout(STEP) == Err(RecvTimeoutError::Timeout) {
                let done = watch.done() - before;
                if let (None, Some(part)) = (of, watch.part()) {
                    bar.set_length(((done as f64 / part) as u64).max(done));
                }
                bar.set_position(done);
            }
            bar.finish_and_clear();
        });
        Self { ended, thread: Some(thread) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let _ = self.ended.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn bar(what: &'static str, of: Option<u64>, is_part_known: bool) -> ProgressBar {
    let template = if of.is_some() || is_part_known {
        "{msg} {wide_bar} {percent}%  {rate}  {left} left"
    } else {
        "{msg} {human_pos} requests  {rate}"
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let style = style
        .with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{}/s", HumanCount(rate(state) as u64));
        })
        .with_key("left", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let left = state.len().unwrap_or(0).saturating_sub(state.pos()) as f64 / rate(state).max(1.0);
            let _ = write!(out, "{:#}", HumanDuration(Duration::from_secs_f64(left.min(1e9))));
        });
    let bar = of.map_or_else(ProgressBar::no_length, ProgressBar::new);
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.with_style(style).with_message(what).with_elapsed(PATIENCE)
}

/// On average since the beginning, which was before the bar.
fn rate(state: &ProgressState) -> f64 {
    state.pos() as f64 / state.elapsed().as_secs_f64().max(0.001)
}
