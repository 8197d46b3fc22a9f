//! Which crate may import which: the table in `house.rs`, held against manifests and sources.

use toml::{Table, Value};

use crate::source::words;
use crate::tree::{Tree, within};
use crate::{ANY_FOREIGN, FAMILIES, FENCES, TABLE};

/// Dependencies that the table does not grant.
pub(crate) fn in_manifests(tree: &Tree) -> Vec<String> {
    tree.crates().iter().flat_map(|folder| refused_dependencies(tree, folder)).collect()
}

/// Crates of the workspace named in sources that the table does not grant, or not there.
pub(crate) fn in_sources(tree: &Tree) -> Vec<String> {
    let named = tree.crates().into_iter().flat_map(|folder| refused_names(tree, &folder));
    named.chain(beside_the_facade(tree)).collect()
}

/// What is never imported, not even by a test.
pub(crate) fn of_ends(tree: &Tree) -> Vec<String> {
    let ends = ["larder-bench", "larder-xtask"];
    let mut refused = Vec::new();
    for folder in tree.crates() {
        let wanted = dependencies(&manifest(tree, &folder), true);
        let named = wanted.into_iter().filter(|one| ends.contains(&one.name.as_str()));
        refused.extend(named.map(|one| format!("{} imports {}", place(tree, &folder, &one.name), one.name)));
    }
    refused
}

/// One row for each adapter's foreign family, and no row without its adapter.
pub(crate) fn families_without_adapter(tree: &Tree) -> Vec<String> {
    let crates = tree.crates();
    let idle = FAMILIES.iter().filter(|(folder, _)| !crates.iter().any(|one| one == folder));
    idle.map(|(folder, _)| format!("{folder}: a row in FAMILIES, but no crate")).collect()
}

/// The manifest of a crate, parsed.
pub(crate) fn manifest(tree: &Tree, folder: &str) -> Table {
    let path = within(folder, "Cargo.toml");
    let text = tree.text(&path).unwrap_or_default();
    text.parse().unwrap_or_else(|_| panic!("{path} is not TOML"))
}

struct Dependency {
    name: String,
    optional: bool,
    target: Option<String>,
}

/// What the table says for a crate: the row of its folder, or that of `adapters/*` and its family.
fn granted(folder: &str) -> Option<Vec<&'static str>> {
    let row = |name: &str| TABLE.iter().find(|(home, _)| *home == name).map(|(_, may)| may.to_vec());
    if !folder.starts_with("adapters/") {
        return row(folder);
    }
    let family = FAMILIES.iter().find(|(home, _)| *home == folder)?.1;
    Some([row("adapters/*")?, family.to_vec()].concat())
}

fn refused_dependencies(tree: &Tree, folder: &str) -> Vec<String> {
    let Some(granted) = granted(folder) else {
        return vec![format!("{}:1 has no row in the table", within(folder, "Cargo.toml"))];
    };
    let wanted = dependencies(&manifest(tree, folder), false).into_iter();
    let refused = wanted.filter(|one| !granted.iter().any(|grant| grants(grant, one)));
    refused.map(|one| format!("{} may not import {}", place(tree, folder, &one.name), one.name)).collect()
}

/// `name`, `name (optional)`, `name (cfg(...))`, or all that is not ours.
fn grants(grant: &str, wanted: &Dependency) -> bool {
    if grant == ANY_FOREIGN {
        return !wanted.name.starts_with("larder");
    }
    let (name, condition) = grant.split_once(" (").unwrap_or((grant, ""));
    let condition = condition.strip_suffix(')').unwrap_or(condition);
    let met = match condition {
        "" => true,
        "optional" => wanted.optional,
        target => wanted.target.as_deref() == Some(target),
    };
    met && name == wanted.name
}

fn dependencies(manifest: &Table, with_tests: bool) -> Vec<Dependency> {
    let mut found = Vec::new();
    for (condition, tables) in sections(manifest) {
        for kind in ["dependencies", "build-dependencies", "dev-dependencies"] {
            if kind != "dev-dependencies" || with_tests {
                let named = tables.get(kind).and_then(Value::as_table).into_iter().flatten();
                found.extend(named.map(|(name, value)| dependency(name, value, condition)));
            }
        }
    }
    found
}

/// The manifest itself, and each of its targets.
fn sections(manifest: &Table) -> impl Iterator<Item = (Option<&str>, &Table)> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flatten();
    let targets = targets.filter_map(|(name, value)| Some((Some(name.as_str()), value.as_table()?)));
    std::iter::once((None, manifest)).chain(targets)
}

fn dependency(name: &str, value: &Value, target: Option<&str>) -> Dependency {
    let package = value.get("package").and_then(Value::as_str).unwrap_or(name);
    let optional = value.get("optional").and_then(Value::as_bool).unwrap_or(false);
    Dependency { name: package.to_owned(), optional, target: target.map(ToOwned::to_owned) }
}

fn place(tree: &Tree, folder: &str, name: &str) -> String {
    let path = within(folder, "Cargo.toml");
    let lines = tree.text(&path).unwrap_or_default().lines();
    let line = lines.enumerate().find(|(_, line)| line.starts_with(name)).map_or(1, |(at, _)| at + 1);
    format!("{path}:{line}")
}

fn refused_names(tree: &Tree, folder: &str) -> Vec<String> {
    let granted = granted(folder).unwrap_or_default();
    let package = manifest(tree, folder);
    let own = package.get("package").and_then(|package| package.get("name")).and_then(Value::as_str);
    let mut refused = Vec::new();
    for source in tree.sources(&within(folder, "src")) {
        for (at, word) in words(&source.code).filter(|(_, word)| word.starts_with("larder_")) {
            let name = word.replace('_', "-");
            let known = granted.iter().any(|grant| grant.split(' ').next() == Some(&name));
            if own != Some(&name) && !(known && past_fences(&source.path, &name)) {
                refused.push(format!("{} may not import {name}", source.place(at)));
            }
        }
    }
    refused
}

/// An example sees what a user sees.
fn beside_the_facade(tree: &Tree) -> Vec<String> {
    let mut refused = Vec::new();
    for source in tree.sources("examples") {
        let parts = words(&source.code).filter(|(_, word)| word.starts_with("larder_"));
        refused.extend(parts.map(|(at, word)| format!("{} names {word}, not the facade", source.place(at))));
    }
    refused
}

fn past_fences(path: &str, name: &str) -> bool {
    let mut fences = FENCES.iter().filter(|(folder, fenced, _)| path.starts_with(folder) && *fenced == name);
    fences.all(|(_, _, only)| path.starts_with(only))
}
