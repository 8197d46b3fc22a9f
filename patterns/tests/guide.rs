//! The guide to races names a test for each: there is such a test.

use std::fs;
use std::path::Path;

/// The tests that a text names, `path::name` between back quotes.
fn named(text: &str) -> Vec<(&str, &str)> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter_map(|quoted| quoted.split_once(".rs::")).collect()
}

fn is_test(source: &str, name: &str) -> bool {
    let mut lines = source.lines().map(str::trim);
    let declaration = format!("fn {name}(");
    let mut is_marked = false;
    lines.any(|line| {
        let is_found = is_marked && line.trim_start_matches("async ").starts_with(&declaration);
        is_marked = line.starts_with("#[test]")
            || line.starts_with("#[tokio::test")
            || is_marked && line.starts_with("#[");
        is_found
    })
}

#[test]
fn every_test_that_the_guide_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository");
    let guide = fs::read_to_string(root.join("docs/guide/races.md")).unwrap();
    let rows = guide.lines().filter(|line| line.starts_with("| ") && line.contains(" | ")).count();
    let named = named(&guide);
    assert!(rows > 50 && named.len() >= rows - 6, "{rows} rows, {} tests", named.len());
    for (file, name) in named {
        let source = fs::read_to_string(root.join(format!("{file}.rs"))).unwrap_or_default();
        assert!(is_test(&source, name), "there is no test {file}.rs::{name}");
    }
}

#[test]
fn a_test_that_does_not_exist_is_found() {
    let source = "#[test]\n#[should_panic]\nfn one() {}\nfn two() {}\n#[tokio::test]\nasync fn three() {}\n";
    assert!(is_test(source, "one") && is_test(source, "three"));
    assert!(!is_test(source, "two") && !is_test(source, "thre"));
}
