//! Inside a crate files form levels: an import never leads back to the file it stands in.
//!
//! A name counts for the file that defines it, however many `mod.rs` pass it on; a `mod.rs` with code of its own is a
//! file like any other, and passing on is an import too.

use std::collections::{BTreeSet, HashMap};

use crate::paths::{Named, inline_modules, paths};
use crate::source::Source;
use crate::tree::{Tree, within};

/// Every import that is part of a circle, the first of each pair of files.
pub(crate) fn circles(tree: &Tree) -> Vec<String> {
    let sources = tree.crates().into_iter().map(|folder| tree.sources(&within(&folder, "src")));
    sources.flat_map(|files| circles_among(&files)).collect()
}

fn circles_among(files: &[Source]) -> Vec<String> {
    let modules = Modules::new(files);
    let mut edges: Vec<Edge> = (0..modules.all.len()).flat_map(|from| modules.edges(from)).collect();
    edges.sort_unstable();
    edges.dedup_by_key(|edge| (edge.from, edge.to));
    let back = edges.iter().filter(|edge| leads(&edges, edge.to, edge.from));
    let told = back.map(|edge| {
        let (from, to) = (modules.all[edge.from].source, modules.all[edge.to].source);
        format!("{} imports {}, which leads back to it", from.place(edge.at), to.path)
    });
    told.collect()
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: usize,
    to: usize,
    at: usize,
}

fn leads(edges: &[Edge], from: usize, to: usize) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut left = vec![from];
    while let Some(here) = left.pop() {
        let next = edges.iter().filter(|edge| edge.from == here).map(|edge| edge.to);
        left.extend(next.filter(|file| seen.insert(*file)));
    }
    seen.contains(&to)
}

/// A file, its place among the modules, and what it names.
struct Module<'a> {
    source: &'a Source,
    path: Vec<String>,
    named: Vec<Named>,
    binds: HashMap<String, Vec<String>>,
}

impl<'a> Module<'a> {
    fn new(source: &'a Source, with_library: bool) -> Self {
        let path = module_path(&source.path, with_library);
        let inline = inline_modules(&source.code);
        let mut named = paths(&source.code);
        for one in &mut named {
            let around = inline.iter().filter(|(_, span)| span.contains(&one.at)).map(|(name, _)| name);
            let home: Vec<String> = path.iter().chain(around).cloned().collect();
            one.segments = from_root(&home, &one.segments);
        }
        let binds = named.iter().filter_map(|one| Some((one.binds.clone()?, one.segments.clone())));
        let binds = binds.collect();
        Self { source, path, named, binds }
    }
}

/// `src/a/b.rs` and `src/a/b/mod.rs` are both `a::b`. Beside a library, `main.rs` is a crate that nobody can name.
fn module_path(file: &str, with_library: bool) -> Vec<String> {
    let (_, inner) = file.rsplit_once("src/").unwrap_or(("", file));
    let stem = inner.strip_suffix(".rs").unwrap_or(inner);
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    match stem {
        "lib" => Vec::new(),
        "main" if !with_library => Vec::new(),
        other => other.split('/').map(ToOwned::to_owned).collect(),
    }
}

/// `self` and `super` spelled out from `crate`; other paths as they are.
fn from_root(home: &[String], segments: &[String]) -> Vec<String> {
    let ups = segments.iter().take_while(|segment| *segment == "super").count();
    let own = usize::from(segments[0] == "self");
    if ups + own == 0 {
        return segments.to_vec();
    }
    let kept = &home[..home.len().saturating_sub(ups)];
    let root = std::iter::once("crate".to_owned());
    root.chain(kept.iter().cloned()).chain(segments[ups + own..].iter().cloned()).collect()
}

struct Modules<'a> {
    all: Vec<Module<'a>>,
    by_path: HashMap<Vec<String>, usize>,
}

impl<'a> Modules<'a> {
    fn new(files: &'a [Source]) -> Self {
        let with_library = files.iter().any(|file| file.path.ends_with("src/lib.rs"));
        let code = files.iter().filter(|file| !file.is_test());
        let all: Vec<_> = code.map(|file| Module::new(file, with_library)).collect();
        let by_path = all.iter().enumerate().map(|(at, module)| (module.path.clone(), at)).collect();
        Self { all, by_path }
    }

    fn edges(&self, from: usize) -> Vec<Edge> {
        let named = self.all[from].named.iter();
        let edges = named.filter_map(|one| {
            let (to, whole) = self.resolve(from, &one.segments, 0)?;
            let counts = to != from && (!whole || one.glob);
            counts.then_some(Edge { from, to, at: one.at })
        });
        edges.collect()
    }

    /// The file that defines what `segments` name in module `home`, and whether they name the whole module. `None` for
    /// what is outside the crate.
    fn resolve(&self, home: usize, segments: &[String], depth: usize) -> Option<(usize, bool)> {
        let (first, rest) = segments.split_first()?;
        if first == "crate" {
            return self.walk(*self.by_path.get(&Vec::new())?, rest, depth);
        }
        let known = self.child(home, first).is_some() || self.all[home].binds.contains_key(first);
        if known { self.walk(home, segments, depth) } else { None }
    }

    fn walk(&self, from: usize, segments: &[String], depth: usize) -> Option<(usize, bool)> {
        let mut here = from;
        for (at, name) in segments.iter().enumerate() {
            if let Some(child) = self.child(here, name) {
                here = child;
            } else if let Some(bound) = self.all[here].binds.get(name).filter(|_| depth < 16) {
                let onward: Vec<String> = bound.iter().chain(&segments[at + 1..]).cloned().collect();
                return self.resolve(here, &onward, depth + 1);
            } else {
                return Some((here, false));
            }
        }
        Some((here, true))
    }

    fn child(&self, module: usize, name: &str) -> Option<usize> {
        let path = self.all[module].path.iter().cloned().chain([name.to_owned()]).collect::<Vec<_>>();
        self.by_path.get(&path).copied()
    }
}
