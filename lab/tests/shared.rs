//! The traces that lie beside the repository, where they do: counts and contents are as their README has them.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use larder_lab::trace;
use sha2::{Digest, Sha256};

struct Row {
    file: String,
    format: String,
    requests: usize,
    unique: usize,
    sha256: String,
}

/// The folder, unless it is missing, which is said.
fn shared() -> Option<PathBuf> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/traces"));
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there are no traces at ../shared/traces");
    None
}

/// The rows of the README's table of files.
fn rows(readme: &str) -> Vec<Row> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, file, format, _, requests, unique, sha256, _] = cells[..] else { return None };
        let number = |cell: &str| cell.replace(',', "").parse().ok();
        Some(Row {
            file: file.to_owned(),
            format: format.to_owned(),
            requests: number(requests)?,
            unique: number(unique)?,
            sha256: sha256.to_owned(),
        })
    };
    readme.lines().filter_map(row).collect()
}

#[test]
fn every_shared_trace_is_read_as_its_readme_says() {
    let Some(folder) = shared() else { return };
    let rows = rows(&std::fs::read_to_string(folder.join("README.md")).unwrap());
    assert!(rows.len() >= 12, "the README's table is understood");
    std::thread::scope(|scope| {
        for row in &rows {
            scope.spawn(|| check(&folder, row));
        }
    });
}

fn check(folder: &Path, row: &Row) {
    let trace = trace::open(folder.join(&row.file)).unwrap();
    assert_eq!(trace.format().name, row.format, "{}", row.file);
    let mut unique = HashSet::new();
    let mut requests = 0;
    let mut hash = Sha256::new();
    let mut text = String::new();
    for request in trace {
        let key = request.unwrap().key;
        requests += 1;
        unique.insert(key);
        writeln!(text, "{key}").unwrap();
        if text.len() > 1 << 16 {
            hash.update(&text);
            text.clear();
        }
    }
    hash.update(&text);
    let sha256 = hash.finalize().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    assert_eq!((requests, unique.len()), (row.requests, row.unique), "{}", row.file);
    assert_eq!(sha256, row.sha256, "{}", row.file);
}

#[test]
fn sizes_are_read_as_recorded() {
    let Some(folder) = shared() else { return };
    let trace = trace::open(folder.join("libcachesim/cloudPhysicsIO.vscsi.zst")).unwrap();
    let bytes: u64 = trace.map(|request| u64::from(request.unwrap().size)).sum();
    assert_eq!(bytes, 4_205_978_112);
}

#[test]
fn a_shared_trace_that_is_cut_off_says_so() {
    let Some(folder) = shared() else { return };
    for file in ["arc/OLTP.lis.zst", "lirs/loop.trace.gz", "cache2k/web12.trace.xz"] {
        let mut bytes = std::fs::read(folder.join(file)).unwrap();
        bytes.truncate(bytes.len() / 2);
        let mut trace = trace::read(std::io::Cursor::new(bytes), file).unwrap();
        let error = trace.by_ref().find_map(Result::err).expect("the cut goes unnoticed");
        assert!(matches!(error.problem(), trace::Problem::Read(_)), "{error}");
        assert!(trace.next().is_none(), "the trace ends with its error");
    }
}
