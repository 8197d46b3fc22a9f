//! The files of the repository, read once; or a few made up, to see a rule bite.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::source::Source;

/// Folders that hold no text of ours.
const SKIPPED: [&str; 3] = ["target", ".git", "node_modules"];

/// What a rule looks at: every text file by its path from the root.
pub(crate) struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// The repository on disk.
    pub(crate) fn read() -> Self {
        let mut files = BTreeMap::new();
        collect(Path::new(env!("CARGO_MANIFEST_DIR")), "", &mut files);
        assert!(files.contains_key("Cargo.toml"), "the repository was not found");
        Self { files }
    }

    /// A made-up one.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect() }
    }

    /// The text of one file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Paths and texts of all files whose path passes.
    pub(crate) fn files<'a>(
        &'a self,
        passes: impl Fn(&str) -> bool + 'a,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let all = self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        all.filter(move |(path, _)| passes(path))
    }

    /// All Rust files below `folder`, tests among them; the empty name stands for the whole tree.
    pub(crate) fn sources(&self, folder: &str) -> Vec<Source> {
        let below = |path: &str| is_a("rs", path) && (folder.is_empty() || inside(folder, path));
        self.files(below).map(|(path, text)| Source::new(path, text)).collect()
    }

    /// Folder of each crate: `core`, `adapters/sql`; the facade's is `.`. Workspaces of their own are not among them.
    pub(crate) fn crates(&self) -> Vec<String> {
        let own = ["bench/peers", "fuzz"];
        let manifests = self.files(|path| path == "Cargo.toml" || path.ends_with("/Cargo.toml"));
        let folders = manifests.map(|(path, _)| path.strip_suffix("/Cargo.toml").unwrap_or("."));
        folders.filter(|folder| !own.contains(folder)).map(ToOwned::to_owned).collect()
    }
}

/// Path of `name` in a crate's folder.
pub(crate) fn within(folder: &str, name: &str) -> String {
    if folder == "." { name.to_owned() } else { format!("{folder}/{name}") }
}

fn inside(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a path has that extension.
pub(crate) fn is_a(extension: &str, path: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if SKIPPED.contains(&name.as_str()) {
            continue;
        }
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{path}/"), files);
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            files.insert(path, text);
        }
    }
}
