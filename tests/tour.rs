//! The tour, end to end: what it prints, and what it says to bad input.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The example beside this test's executable. `cargo test` builds both.
fn tour(arguments: &[&str]) -> Command {
    let here = std::env::current_exe().expect("the test knows its own path");
    let built = here.parent().and_then(Path::parent).expect("a test is in target/PROFILE/deps");
    let path: PathBuf = built.join("examples").join(format!("tour{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.is_file(),
        "the example is not built: run `cargo test`, or `cargo build --example tour` before `--test tour`"
    );
    let mut command = Command::new(path);
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    tour(arguments).output().expect("the tour starts")
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("the tour prints UTF-8")
}

/// The words of the row that begins with `title`, in the first table that has it.
fn row<'a>(output: &'a str, title: &str) -> Vec<&'a str> {
    let (_, tables) = output.split_once("four ways").expect("a heading stands over the table");
    let line = tables.lines().find_map(|line| line.strip_prefix(title));
    line.unwrap_or_else(|| panic!("no row {title}")).split_whitespace().collect()
}

/// Exit code 2, nothing printed, and one line that has `hint` in it.
fn assert_refused(arguments: &[&str], hint: &str) {
    let output = run(arguments);
    let error = String::from_utf8(output.stderr.clone()).expect("the line is UTF-8");
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    assert_eq!(stdout(&output), "", "{arguments:?}");
    assert_eq!(error.lines().count(), 1, "{arguments:?}: {error}");
    assert!(error.starts_with("tour: ") && error.contains(hint), "{arguments:?}: {error}");
}

#[test]
fn a_quick_tour_prints_the_table_and_plays_the_three_scenes() {
    let output = run(&["--quick"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));

    assert_eq!(row(text, "database alone")[..3], ["20,000", "–", "20,000"]);
    for title in ["LRU", "W-TinyLFU", "two tiers"] {
        let row = row(text, title);
        assert!(row.contains(&"20,000") && row.contains(&"%"), "{title}: {row:?}");
    }
    for tier in ["  near", "  far"] {
        assert_eq!(row(text, tier).len(), 3, "entries, and a hit rate");
    }
    assert!(text.contains("1,000 tasks, 1 load "), "{text}");
    assert!(text.contains("refused: the lease is void"), "{text}");
    assert!(text.contains(", the truth") && text.contains(", stale"), "{text}");
    assert_eq!(row(text, "  token     10 s, its own"), ["●", "●", "·", "·", "·", "·"]);
    assert_eq!(row(text, "  session   60 s, the default"), ["●", "●", "●", "●", "·", "·"]);
    assert_eq!(row(text, "  config    without end"), ["●"; 6]);
    assert!(text.contains("token leaves, because it has expired"), "{text}");
}

#[test]
fn what_is_piped_fits_a_page_and_has_no_control_codes() {
    let output = run(&["--requests", "500"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0));
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn a_compressed_trace_is_replayed_in_its_order() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("keys.txt.zst");
    let keys = "9\n7\n9\n8\n9\n7\n";
    fs::write(&path, zstd::encode_all(keys.as_bytes(), 3).expect("it compresses")).expect("it is written");
    let trace = path.to_str().expect("the path is UTF-8");
    let output = run(&["--trace", trace, "--clients", "1", "--capacity", "2"]);
    let text = stdout(&output);
    assert!(text.contains("6 requests for 3 keys"), "{text}");
    assert!(text.contains("from keys.txt.zst, format"), "{text}");
    // 9 7 9 8 9 7 with room for two, LRU: 8 drives 7 out, which is loaded again.
    assert_eq!(row(text, "LRU")[..5], ["2", "6", "33.3", "%", "4"]);
    assert_eq!(row(text, "database alone")[..3], ["6", "–", "6"]);
}

#[test]
fn a_cache_without_capacity_only_passes_on() {
    let output = run(&["--requests", "300", "--capacity", "0"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(row(stdout(&output), "LRU")[..4], ["0", "300", "0.0", "%"]);
}

#[test]
fn the_database_is_gone_when_the_tour_ends() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = tour(&["--requests", "100"])
        .env("TMPDIR", folder.path())
        .env("TMP", folder.path())
        .output()
        .expect("the tour starts");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(fs::read_dir(folder.path()).expect("the folder is there").count(), 0);
}

#[test]
fn a_trace_that_cannot_be_read_gets_one_line_and_exit_code_2() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("it is written");
        path.to_str().expect("the path is UTF-8").to_owned()
    };
    let numbers: String =
        (0..20_000_u64).map(|n| (n * n % 1_000_003).to_string()).collect::<Vec<_>>().join("\n");
    let mut whole = zstd::encode_all(numbers.as_bytes(), 3).expect("it compresses");
    whole.truncate(whole.len() / 2);
    let garbage: Vec<u8> = (0..5_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();

    assert_refused(&["--trace", "no/such/file.lis"], "no/such/file.lis");
    assert_refused(&["--trace", folder.path().to_str().expect("the path is UTF-8")], "directory");
    assert_refused(&["--trace", &write("cut.lis.zst", &whole)], "cut.lis.zst");
    assert_refused(&["--trace", &write("garbage", &garbage)], "garbage");
    assert_refused(&["--trace", &write("empty", b"")], "empty");
    assert_refused(
        &["--trace", &write("worded.lis", b"1 2 0 0\nthree 1 0 1\n"), "--format", "arc"],
        "line 2",
    );
}

#[test]
fn an_option_that_cannot_work_gets_one_line_and_exit_code_2() {
    assert_refused(&["--clients", "0"], "1..=1000");
    assert_refused(&["--clients", "many"], "--clients");
    assert_refused(&["--requests", "0"], "--requests");
    assert_refused(&["--capacity", "1e99"], "--capacity");
    assert_refused(&["--format", "punch-card", "--trace", "x"], "oracle-general");
    assert_refused(&["--trace"], "--trace");
    assert_refused(&["--fast"], "--fast");
}
