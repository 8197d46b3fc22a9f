//! Counts don't hang on how many cores there are.
#![cfg(target_os = "linux")]

use std::process::{Command, Output};

fn printed(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn larder(arguments: &[&str]) -> String {
    printed(Command::new(env!("CARGO_BIN_EXE_larder")).args(arguments).output().unwrap())
}

/// Where the process may use one core, one thread works.
#[test]
fn one_core_counts_as_many_do() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("t.keys").display().to_string();
    larder(&["generate", "mix", "-n", "100000", "-o", &trace]);
    for arguments in [
        &["simulate", &trace, "-c", "1%,500", "--csv"][..],
        &["simulate", &trace, "-p", "lru,arc,lhd,random", "-c", "500", "--json"],
        &["curve", &trace, "-p", "lru,sieve", "--points", "6", "--sample", "2000", "--csv"],
        &["advise", &trace, "--budget", "2000", "-p", "lru,s3-fifo,w-tinylfu"],
    ] {
        let alone =
            Command::new("taskset").args(["-c", "0", env!("CARGO_BIN_EXE_larder")]).args(arguments).output();
        let Ok(alone) = alone else {
            println!("skipped: there is no taskset here");
            return;
        };
        assert_eq!(printed(alone), larder(arguments), "{arguments:?}");
    }
}
