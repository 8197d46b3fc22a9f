//! The command from end to end: what it prints, and how it fails.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

fn larder(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_larder")).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn printed(arguments: &[&str]) -> String {
    let output = larder(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The one line that it fails with, and its exit code. Nothing else is printed.
fn failure(arguments: &[&str]) -> (i32, String) {
    let output = larder(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.stdout.is_empty(), "{arguments:?} printed something");
    assert_eq!(said.lines().count(), 1, "{arguments:?} said {said:?}");
    (output.status.code().unwrap(), said.trim_end().to_owned())
}

fn fails(arguments: &[&str], code: i32, words: &str) {
    let (exit, said) = failure(arguments);
    assert_eq!(exit, code, "{said}");
    assert!(said.contains(words), "{said:?} does not say {words:?}");
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        std::fs::write(self.0.path().join(name), bytes).unwrap();
        self.path(name)
    }

    fn names(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

const TINY: &str = "1\n2\n1\n3\n1\n2\n";

#[test]
fn a_row_a_run_in_three_styles() {
    let folder = Folder::new();
    let trace = folder.file("tiny", TINY);
    let csv = printed(&["simulate", &trace, "--policy", "lru,belady,lru", "--capacity", "1,50%,2", "--csv"]);
    let expected = [
        "trace,policy,capacity,requests,misses,miss_ratio,byte_miss_ratio".to_owned(),
        format!("{trace},lru,1,6,6,1.000000,"),
        format!("{trace},lru,1,6,6,1.000000,"),
        format!("{trace},lru,2,6,4,0.666667,"),
        format!("{trace},belady,1,6,6,1.000000,"),
        format!("{trace},belady,1,6,6,1.000000,"),
        format!("{trace},belady,2,6,4,0.666667,"),
    ];
    assert_eq!(csv.lines().collect::<Vec<_>>(), expected);
    let json = printed(&["simulate", &trace, "--policy", "fifo", "--capacity", "2", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json[0]["hits"], &json[0]["misses"], &json[0]["unit"]),
        (&1.into(), &5.into(), &"objects".into())
    );
    assert!(json[0]["byte_miss_ratio"].is_null(), "no sizes are known");
    let text = printed(&["simulate", &trace, "--policy", "lru", "--capacity", "2"]);
    assert!(text.starts_with("trace ") && text.lines().count() == 2, "{text}");
}

#[test]
fn every_policy_runs_and_none_beats_belady() {
    let folder = Folder::new();
    let trace = folder.path("t.larder");
    printed(&["generate", "mix", "-n", "20000", "-o", &trace]);
    let csv = printed(&["simulate", &trace, "--capacity", "200", "--csv"]);
    let misses: Vec<(&str, u64)> = csv.lines().skip(1).map(row).collect();
    assert!(misses.len() > larder_policies_count(), "{csv}");
    let bound = misses.iter().find(|(name, _)| *name == "belady").expect("it is one of all").1;
    assert!(misses.iter().all(|(_, misses)| *misses >= bound), "{csv}");
}

fn larder_policies_count() -> usize {
    larder_lab::contender::Contender::all().iter().filter(|one| one.is_online()).count()
}

fn row(line: &str) -> (&str, u64) {
    let cells: Vec<&str> = line.split(',').collect();
    (cells[1], cells[4].parse().unwrap())
}

#[test]
fn what_is_streamed_counts_as_what_is_kept() {
    let folder = Folder::new();
    let trace = folder.path("t.keys");
    printed(&["generate", "mix", "-n", "150000", "-o", &trace]);
    let unique = printed(&["info", &trace, "--json"]);
    let unique: serde_json::Value = serde_json::from_str(&unique).unwrap();
    let capacity = (unique["unique"].as_u64().unwrap() / 100).to_string();
    let streamed = printed(&["simulate", &trace, "-p", "lru,s3-fifo,arc", "-c", &capacity, "--csv"]);
    let kept = printed(&["simulate", &trace, "-p", "lru,s3-fifo,arc", "-c", "1%", "--csv"]);
    assert_eq!(streamed, kept);
}

#[test]
fn a_pipe_is_a_trace_like_any_other() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_larder"))
        .args(["simulate", "-", "-p", "lru,belady", "-c", "50%", "--csv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(TINY.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 3);
}

/// A named pipe can be read but once: what has to know the trace first keeps it.
#[test]
#[cfg(unix)]
fn a_pipe_with_a_name_is_one_too() {
    let folder = Folder::new();
    let pipe = folder.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for name in [pipe.as_str(), "/dev/stdin"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_larder"))
            .args(["simulate", name, "-p", "lru,belady", "-c", "50%,2", "--csv"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        if name == pipe {
            std::fs::write(&pipe, TINY).unwrap();
        } else {
            child.stdin.take().unwrap().write_all(TINY.as_bytes()).unwrap();
        }
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let rows = String::from_utf8(output.stdout).unwrap();
        assert!(rows.lines().nth(2).unwrap().ends_with(",lru,2,6,4,0.666667,"), "{rows}");
    }
}

#[test]
fn sizes_count_where_capacities_are_bytes() {
    let folder = Folder::new();
    let trace = folder.file("t.csv", "key,size\n1,60\n2,60\n1,60\n3,200\n1,60\n");
    let rows = |arguments: &[&str]| {
        printed(&[&["simulate", &trace, "-p", "lru", "--csv"], arguments].concat())
            .lines()
            .nth(1)
            .unwrap()
            .to_owned()
    };
    assert!(rows(&["-c", "120B"]).ends_with(",lru,120,5,3,0.600000,0.727273"));
    assert!(rows(&["-c", "120", "--sizes"]).ends_with(",lru,120,5,3,0.600000,0.727273"));
    assert!(rows(&["-c", "3"]).ends_with(",lru,3,5,3,0.600000,0.727273"));
    assert!(rows(&["-c", "3", "--ignore-size"]).ends_with(",lru,3,5,3,0.600000,"));
}

#[test]
fn columns_for_lives_and_costs_come_where_a_trace_tells_them() {
    let folder = Folder::new();
    let plain = folder.file("plain", TINY);
    let trace = folder.file("t.csv", "key,time,ttl,cost\n1,0,10,0.5\n1,9,10,\n1,10,10,\n2,11,,\n");
    let rows = |arguments: &[&str]| {
        let printed = printed(&[&["simulate", "-p", "lru", "-c", "2", "--csv"], arguments].concat());
        printed.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let both = rows(&[&trace, &plain]);
    assert!(both[0].ends_with(",byte_miss_ratio,expired,load_seconds"));
    assert!(both[1].ends_with(",lru,2,4,3,0.750000,,1,1.500000"), "2 costs the mean: {both:?}");
    assert!(both[2].ends_with(",lru,2,6,4,0.666667,,,"), "{both:?}");
    assert!(rows(&[&trace, "--ttl", "none"])[1].ends_with(",lru,2,4,2,0.500000,,1.000000"));
    assert!(rows(&[&trace, "--ttl", "1s"])[1].ends_with(",lru,2,4,4,1.000000,,2,2.000000"));
    assert!(rows(&[&plain, "--ttl", "trace"])[0].ends_with(",byte_miss_ratio"));
    let text = printed(&["simulate", &trace, "-p", "lru", "-c", "2"]);
    assert!(text.lines().next().unwrap().ends_with("expired  load seconds"), "{text}");
    let json = printed(&["simulate", &trace, "-p", "lru", "-c", "2", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json[0]["expired"], &json[0]["load_seconds"]), (&1.into(), &1.5.into()));
    fails(&["simulate", &plain, "--ttl", "1h"], 1, "tells no times");
    for ttl in ["0s", "1", "-1s", "1 fortnight", "99999999999999999999d"] {
        fails(&["simulate", &plain, &format!("--ttl={ttl}")], 2, "--ttl");
    }
}

#[test]
fn a_capacity_that_holds_everything_is_worth_a_note() {
    let folder = Folder::new();
    let trace = folder.file("tiny", TINY);
    let output = larder(&["simulate", &trace, "-p", "lru", "-c", "1000", "--csv"]);
    assert!(output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("holds everything (3)"));
    assert!(String::from_utf8(output.stdout).unwrap().contains(",lru,1000,6,3,"));
}

#[test]
fn bad_arguments_are_one_line_and_exit_code_2() {
    let folder = Folder::new();
    let trace = folder.file("tiny", TINY);
    for capacity in
        ["0", "0%", "101%", "-5", "x", "10XB", "", "1e3", "99999999999999999999", "0.0001B", "nan%"]
    {
        let (code, said) = failure(&["simulate", &trace, "--capacity", capacity]);
        assert_eq!(code, 2, "{capacity:?}: {said}");
    }
    fails(&["simulate", &trace, "--policy", "s3fifo"], 2, "did you mean s3-fifo");
    fails(&["simulate", &trace, "--policy", "lur"], 2, "did you mean lru");
    fails(&["simulate", &trace, "--policy", "crystal-ball"], 2, "no policy is called 'crystal-ball'");
    fails(&["simulate", &trace, "--format", "oracle"], 2, "did you mean oracle-general");
    fails(&["simulate", &trace, "--columns", "size=1"], 2, "expected what=column");
    fails(&["simulate", &trace, "--csv", "--json"], 2, "cannot be used with");
    fails(&["simulate", &trace, "-c", "1MiB", "--ignore-size"], 2, "contradict");
    fails(&["simulate"], 2, "required");
    fails(&[], 2, "larder --help");
    fails(&["bake"], 2, "bake");
    fails(&["generate", "zipf", "--keys", "0"], 2, "0 is not in");
    fails(&["generate", "mix", "5:zipf"], 2, "expected SHARE");
    fails(&["convert", &trace, "-o", &folder.path("x"), "--to", "arc"], 2, "no format that can be written");
    fails(&["advise", &trace, "--budget", "1MiB"], 2, "tells no sizes");
    fails(&["advise", &trace, "--budget", "10", "-p", "belady"], 2, "no cache can run belady");
}

#[test]
fn bad_data_is_one_line_and_exit_code_1() {
    let folder = Folder::new();
    let empty = folder.file("empty", "");
    let wrong = folder.file("wrong.lis", "1 2 3 4\n1 2 x 4\n");
    let large = folder.file("large", "1 2 3 4\n99999999999999999999 1 0 0\n");
    let trace = folder.file("tiny", TINY);
    let folder_itself = folder.0.path().display().to_string();
    for command in ["simulate", "info", "curve"] {
        fails(&[command, &empty], 1, "holds no requests");
        fails(&[command, &wrong, "--format", "arc"], 1, "line 2: expected four numbers");
        fails(&[command, &large, "--format", "arc"], 1, "line 2: a number is too large");
        fails(&[command, &folder_itself], 1, "is a directory");
        fails(&[command, "/no/such/trace"], 1, "can't be opened");
    }
    fails(&["simulate", &trace, "--format", "oracle-general"], 1, "ends within a record");
    let long = folder.file("long", "1234567\n".repeat(96));
    fails(&["simulate", &long, "--format", "oracle-general"], 1, "record 1: expected binary records");
    #[cfg(target_os = "linux")]
    fails(&["simulate", "/proc/self/mem"], 1, "/proc/self/mem: can't be read");
    fails(&["simulate", &trace, "-c", "1MiB"], 1, "tells no sizes");
    fails(&["curve", &trace, "--sizes"], 1, "tells no sizes");
    fails(&["report", &empty, "-o", &folder.path("report.html")], 1, "holds no requests");
    let penalties = folder.file("penalties", "l 0xff 1 2 30\nl 0xff 1 2 x\n");
    fails(&["simulate", &penalties, "--format", "address-penalties"], 1, "line 2: expected an operation");
    assert!(!Path::new(&folder.path("report.html")).exists());
}

#[test]
fn a_compressed_trace_that_is_cut_off_is_an_error() {
    let folder = Folder::new();
    let whole = folder.path("t.keys.zst");
    printed(&["generate", "zipf", "-n", "50000", "-o", &whole]);
    let bytes = std::fs::read(&whole).unwrap();
    let cut = folder.file("cut.keys.zst", &bytes[..bytes.len() / 2]);
    fails(&["simulate", &cut, "-c", "10"], 1, "damaged or cut off");
}

#[test]
fn nothing_half_written_is_left() {
    let folder = Folder::new();
    let wrong = folder.file("wrong.lis", "1 2 3 4\n".repeat(1000) + "1 2 x 4\n");
    fails(&["convert", &wrong, "--format", "arc", "-o", &folder.path("out.larder")], 1, "line 1001");
    fails(&["report", &wrong, "--format", "arc", "-o", &folder.path("out.html")], 1, "line 1001");
    assert_eq!(folder.names().len(), 1, "{:?}", folder.names());
    let trace = folder.file("tiny", TINY);
    fails(&["convert", &trace, "-o", "/no/such/folder/x"], 2, "can't be written");
    fails(&["report", &trace, "-o", &folder.0.path().display().to_string()], 2, "is a directory");
    fails(&["curve", &trace, "--svg", "/no/such/folder/x.svg"], 2, "can't be written");
}

#[test]
fn traces_survive_conversion() {
    let folder = Folder::new();
    let [made, table, ours, back] =
        ["a.keys.gz", "b.csv.zst", "c.larder", "d.keys"].map(|name| folder.path(name));
    printed(&["generate", "shift", "-n", "30000", "--keys", "500", "--seed", "7", "-o", &made]);
    for (from, to) in [(&made, &table), (&table, &ours), (&ours, &back)] {
        printed(&["convert", from, "-o", to]);
    }
    let again = printed(&["generate", "shift", "-n", "30000", "--keys", "500", "--seed", "7"]);
    assert_eq!(std::fs::read_to_string(&back).unwrap(), again);
    let other = printed(&["generate", "shift", "-n", "30000", "--keys", "500", "--seed", "8"]);
    assert_ne!(again, other);
}

#[test]
fn info_tells_what_a_trace_is_like() {
    let folder = Folder::new();
    let trace = folder.file("t.csv", "key,size,time,ttl\n1,100,0,60\n2,50,5.5,\n1,100,90,60\n");
    let text = printed(&["info", &trace]);
    for expected in
        ["requests           3", "2, each asked for 1.5 times", "1, 50.0% of the keys", "1 min 30 s", "250"]
    {
        assert!(text.contains(expected), "{expected:?} is missing:\n{text}");
    }
}

#[test]
fn curves_say_how_sure_they_are() {
    let folder = Folder::new();
    let trace = folder.path("t.keys");
    printed(&["generate", "zipf", "-n", "100000", "--keys", "50000", "-o", &trace]);
    let exact = printed(&["curve", &trace, "-p", "lru,sieve", "--points", "5", "--csv"]);
    assert!(exact.starts_with("policy,capacity,miss_ratio,error\nlru,"));
    assert!(exact.lines().skip(1).all(|line| line.ends_with(",0.000000")), "{exact}");
    let sampled = printed(&["curve", &trace, "-p", "sieve", "--points", "5", "--sample", "2000"]);
    assert!(sampled.contains("sampled: sieve, within 0."), "{sampled}");
    let simulated = printed(&["simulate", &trace, "-p", "lru", "-c", "1000", "--csv"]);
    let curve = printed(&["curve", &trace, "-c", "1000", "--csv"]);
    let ratio = simulated.lines().nth(1).unwrap().split(',').nth(5).unwrap().to_owned();
    assert_eq!(curve.lines().nth(1).unwrap().split(',').nth(2).unwrap(), ratio);
}

#[test]
fn a_chart_can_be_a_picture() {
    let folder = Folder::new();
    let trace = folder.path("t.keys");
    printed(&["generate", "zipf", "-n", "5000", "--keys", "500", "-o", &trace]);
    let [svg, png] = ["c.svg", "c.png"].map(|name| folder.path(name));
    printed(&["curve", &trace, "-p", "lru,fifo", "--svg", &svg, "--png", &png]);
    assert!(std::fs::read_to_string(&svg).unwrap().starts_with("<svg xmlns="));
    assert!(std::fs::read(&png).unwrap().starts_with(b"\x89PNG"));
}

/// Requests come until nobody reads them any more: what is printed is what was counted until then.
#[test]
#[cfg(unix)]
fn ctrl_c_prints_what_is_done_so_far() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_larder"))
        .args(["simulate", "-", "-p", "lru,fifo", "-c", "100", "--csv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut requests = child.stdin.take().unwrap();
    let lines = "7\n8\n9\n".repeat(100_000);
    requests.write_all(lines.as_bytes()).unwrap();
    let kill = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    while requests.write_all(lines.as_bytes()).is_ok() {}
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let (rows, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(said.ends_with("stopped: 2 of 2 rows are what was done so far\n"), "{said}");
    let counted: Vec<&str> = rows.lines().skip(1).map(|row| row.split(',').nth(3).unwrap()).collect();
    assert!(counted.len() == 2 && counted[0] == counted[1], "all came equally far:\n{rows}");
    assert!(counted[0].parse::<u64>().unwrap() > 0, "{rows}");
}

/// A file is complete or not there.
#[test]
#[cfg(unix)]
fn ctrl_c_leaves_nothing_half_written() {
    let folder = Folder::new();
    for arguments in [["convert", "-", "-o", "out.larder"], ["report", "-", "-o", "out.html"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_larder"))
            .args(arguments)
            .current_dir(folder.0.path())
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut requests = child.stdin.take().unwrap();
        let lines = "7\n8\n9\n".repeat(100_000);
        requests.write_all(lines.as_bytes()).unwrap();
        assert_eq!(folder.names().len(), 1, "the file is begun");
        let kill = format!("kill -INT {}", child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        while requests.write_all(lines.as_bytes()).is_ok() {}
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130));
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "larder: stopped: nothing was written\n");
        assert_eq!(folder.names().len(), 0, "{:?}", folder.names());
    }
}

#[test]
fn an_end_of_output_is_no_error() {
    let run = format!("{} generate zipf -n 200000 | head -n 1", env!("CARGO_BIN_EXE_larder"));
    let output = Command::new("sh").args(["-c", &run]).output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
}
