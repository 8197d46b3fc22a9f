//! Bars are for people: they come after two seconds, on a terminal and nowhere else.
#![cfg(unix)]

use std::process::{Command, Stdio};

/// What `shell` says, to a terminal or to a pipe. `None` where there is no terminal to be had, which is said.
fn said(shell: &str, on_a_terminal: bool) -> Option<String> {
    let mut command = if on_a_terminal { Command::new("script") } else { Command::new("sh") };
    if on_a_terminal {
        command.args(["-qefc", shell, "/dev/null"]);
    } else {
        command.args(["-c", &format!("({shell}) 2>&1")]);
    }
    let Ok(output) = command.env("TERM", "xterm").stdin(Stdio::null()).output() else {
        println!("skipped: there is no script here, which gives a terminal");
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Requests that don't end, until five seconds have passed.
fn endless() -> String {
    format!(
        "yes 7 | timeout --foreground -s INT 5 {} simulate - -p lru -c 10 --csv",
        env!("CARGO_BIN_EXE_larder")
    )
}

#[test]
fn a_bar_with_its_rate_is_shown_on_a_terminal_and_not_in_a_pipe() {
    let shell = endless();
    let (terminal, pipe) = std::thread::scope(|scope| {
        let terminal = scope.spawn(|| said(&shell, true));
        (terminal.join().unwrap(), said(&shell, false).unwrap())
    });
    assert!(pipe.contains("stopped: 1 of 1 rows") && pipe.contains("-,lru,10,"), "{pipe}");
    assert!(
        !pipe.contains("/s") && !pipe.contains('\u{1b}') && !pipe.contains('\r'),
        "a pipe has no bar: {pipe}"
    );
    let Some(terminal) = terminal else { return };
    assert!(terminal.contains("stopped: 1 of 1 rows"), "{terminal}");
    assert!(terminal.contains("simulating ") && terminal.contains(" requests  "), "no bar: {terminal}");
    assert!(terminal.contains("/s"), "no rate: {terminal}");
}
