//! The smaller rules: length, first lines, names, lints, features, decision records.

use toml::Value;

use crate::functions::functions;
use crate::imports::manifest;
use crate::source::{line_of, words};
use crate::tree::{Tree, is_a, within};
use crate::{FILE_LINES, FUNCTION_LINES, HEADINGS, UNSAFE, VAGUE};

pub(crate) fn long_files(tree: &Tree) -> Vec<String> {
    let files = tree.sources("").into_iter();
    let long = files.filter(|file| file.text.lines().count() > FILE_LINES);
    long.map(|file| format!("{}:{} lines", file.path, file.text.lines().count())).collect()
}

pub(crate) fn long_functions(tree: &Tree) -> Vec<String> {
    let mut long = Vec::new();
    for file in tree.sources("").iter().filter(|file| !file.is_test()) {
        let over = functions(&file.code).into_iter().filter(|one| one.lines > FUNCTION_LINES);
        long.extend(over.map(|one| format!("{} `{}` has {} lines", file.place(one.at), one.name, one.lines)));
    }
    long
}

pub(crate) fn files_without_their_idea(tree: &Tree) -> Vec<String> {
    let files = tree.sources("").into_iter();
    let bare = files.filter(|file| !file.text.starts_with("//! "));
    bare.map(|file| format!("{}:1 does not begin with `//! `", file.path)).collect()
}

/// Folders count too: the name of a `mod.rs` is its folder's.
pub(crate) fn vague_names(tree: &Tree) -> Vec<String> {
    let files = tree.sources("").into_iter();
    let vague = files.filter(|file| {
        let mut parts = file.path.strip_suffix(".rs").unwrap_or(&file.path).split(['/', '_', '-']);
        parts.any(|part| VAGUE.contains(&part.strip_suffix('s').unwrap_or(part)))
    });
    vague.map(|file| format!("{}:1 is named after nothing", file.path)).collect()
}

/// Work left undone has a number to be found by: the mark, then `#12` or `(#12)`.
pub(crate) fn unnumbered_marks(tree: &Tree) -> Vec<String> {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];
    let mut found = Vec::new();
    for (path, text) in tree.files(|path| is_a("rs", path) || is_a("toml", path)) {
        let marked = words(text).filter(|(_, word)| marks.contains(word));
        let bare = marked.filter(|(at, word)| !is_numbered(&text[at + word.len()..]));
        found.extend(bare.map(|(at, word)| format!("{path}:{} {word} without a number", line_of(text, at))));
    }
    found
}

fn is_numbered(rest: &str) -> bool {
    let rest = rest.trim_start_matches(['(', ' ', ':']);
    rest.strip_prefix('#').is_some_and(|number| number.starts_with(|digit: char| digit.is_ascii_digit()))
}

pub(crate) fn crates_without_lints(tree: &Tree) -> Vec<String> {
    let inherits = |folder: &String| {
        let lints = manifest(tree, folder).get("lints").and_then(|lints| lints.get("workspace")?.as_bool());
        lints == Some(true)
    };
    let bare = tree.crates().into_iter().filter(|folder| !inherits(folder));
    let mut found: Vec<String> = bare
        .map(|folder| format!("{}:1 has no `[lints] workspace = true`", within(&folder, "Cargo.toml")))
        .collect();
    let root = manifest(tree, ".");
    let level =
        root.get("workspace").and_then(|all| all.get("lints")?.get("rust")?.get("unsafe_code")?.as_str());
    if level != Some("deny") {
        found.push("Cargo.toml:1 does not deny `unsafe_code`".to_owned());
    }
    found
}

/// All roots of crates but core's forbid it, and nobody else than that one file allows or uses it.
pub(crate) fn unsafe_elsewhere(tree: &Tree) -> Vec<String> {
    let is_root = |path: &str| path.ends_with("src/lib.rs") || path.ends_with("src/main.rs");
    let mut found = Vec::new();
    for file in tree.sources("").iter().filter(|file| !file.path.starts_with(UNSAFE)) {
        if is_root(&file.path)
            && !file.path.starts_with("core/")
            && !file.text.contains("#![forbid(unsafe_code)]")
        {
            found.push(format!("{}:1 does not forbid unsafe code", file.path));
        }
        let said = |said: &'static str| words(&file.code).filter(move |(_, word)| *word == said);
        found.extend(said("unsafe").map(|(at, _)| format!("{} is unsafe", file.place(at))));
        let allowed = said("unsafe_code").filter(|(at, _)| !file.code[..*at].ends_with("forbid("));
        found.extend(allowed.map(|(at, _)| format!("{} allows unsafe code", file.place(at))));
    }
    found
}

/// Only re-exports: no function, no `impl`, no second file.
pub(crate) fn logic_in_the_facade(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for file in tree.sources("src") {
        if file.path != "src/lib.rs" {
            found.push(format!("{}:1 is a second file", file.path));
        }
        let logic = words(&file.code).filter(|(_, word)| ["fn", "impl", "macro_rules"].contains(word));
        found.extend(logic.map(|(at, word)| format!("{} has a `{word}`", file.place(at))));
    }
    found
}

pub(crate) fn undocumented_features(tree: &Tree) -> Vec<String> {
    let root = manifest(tree, ".");
    let features = root.get("features").and_then(Value::as_table).into_iter().flatten();
    let docs = tree.text("src/lib.rs").unwrap_or_default();
    let has_row = |name: &str| docs.lines().any(|line| line.starts_with(&format!("//! | `{name}` |")));
    let bare = features.filter(|(name, _)| *name != "default" && !has_row(name));
    bare.map(|(name, _)| format!("src/lib.rs:1 has no row for the feature `{name}`")).collect()
}

/// Numbered from 0001 without gaps, each with what it must say.
pub(crate) fn decision_records(tree: &Tree) -> Vec<String> {
    let records = tree.files(|path| path.starts_with("docs/decisions/") && is_a("md", path));
    let mut found = Vec::new();
    for (at, (path, text)) in records.enumerate() {
        let number = format!("docs/decisions/{:04}-", at + 1);
        if !path.starts_with(&number) {
            found.push(format!("{path}:1 is not number {:04}", at + 1));
        }
        let missing =
            HEADINGS.iter().filter(|heading| !text.lines().any(|line| line.trim_end() == **heading));
        found.extend(missing.map(|heading| format!("{path}:1 has no `{heading}`")));
    }
    found
}
