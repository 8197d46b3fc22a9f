//! What is run, in order: the tables.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};

use crate::packages::answers;
use crate::step::Step;

/// Test targets that run under the model checker, by package.
const CHECKED: &[(&str, &str)] = &[("larder-core", "--test=linearizability"), ("larder-core", "--lib")];

/// Test targets that are empty without the model checker.
const EMPTY_UNCHECKED: &[&str] = &["linearizability"];

/// Arguments that keep an example short. All examples are run.
const EXAMPLE_ARGUMENTS: &[(&str, &[&str])] = &[("shop", &["--seconds", "1"]), ("tour", &["--quick"])];

/// How many seeds the simulator's tests try, if not as many as they say.
const SEEDS: &str = "LARDER_SEEDS";

/// Every step of `cargo xtask test`, with so many seeds for each simulated tower.
pub(crate) fn all(root: &Path, seeds: Option<u64>) -> Result<Vec<Step>, String> {
    let manifest =
        fs::read_to_string(root.join("Cargo.toml")).map_err(|error| format!("Cargo.toml: {error}"))?;
    let mut steps = vec![
        Step::cargo("format", &["fmt", "--all", "--check"]),
        Step::cargo(
            "lints",
            &["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"],
        ),
        tests(seeds),
    ];
    steps.extend(CHECKED.iter().map(|(package, target)| checked(root, package, target)));
    let doc = Step::cargo("documentation", &["doc", "--workspace", "--no-deps", "--all-features"]);
    steps.push(doc.with_flags("RUSTDOCFLAGS", "-D warnings"));
    steps.extend(examples(root));
    steps.extend(features(&manifest));
    steps.extend(licences());
    Ok(steps)
}

fn tests(seeds: Option<u64>) -> Step {
    let arguments = ["test", "--workspace", "--all-features", "--no-fail-fast", "--", "--show-output"];
    let step = Step::cargo("tests", &arguments).with_tests(EMPTY_UNCHECKED);
    match seeds {
        Some(seeds) => step.with_variable(SEEDS, seeds.to_string()),
        None => step,
    }
}

/// In a target folder of its own: other flags would have everything built again, here and there.
fn checked(root: &Path, package: &str, target: &str) -> Step {
    let folder = target_folder(root).join("shuttle").display().to_string();
    let arguments = ["test", "--package", package, target, "--target-dir", &folder, "--", "--show-output"];
    let name = format!("{package} under the model checker: {}", target.trim_start_matches("--"));
    Step::cargo(&name, &arguments).with_flags("RUSTFLAGS", "--cfg shuttle").with_tests(&[])
}

fn target_folder(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder))
}

/// All are built, with the features that the tests have been built with; then each is run.
fn examples(root: &Path) -> Vec<Step> {
    let mut steps = vec![Step::cargo("examples", &["build", "--workspace", "--all-features", "--examples"])];
    let built = target_folder(root).join("debug").join("examples");
    for name in example_names(&root.join("examples")) {
        let short = EXAMPLE_ARGUMENTS
            .iter()
            .find(|(example, _)| *example == name)
            .map_or(&[][..], |(_, short)| short);
        let program = built.join(format!("{name}{EXE_SUFFIX}"));
        steps.push(Step::program(&format!("example {name}"), program, short));
    }
    steps
}

/// `examples/name.rs` and `examples/name/main.rs`.
fn example_names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let examples = entries.filter(|path| {
        path.extension().is_some_and(|extension| extension == "rs") || path.join("main.rs").is_file()
    });
    let mut names: Vec<String> =
        examples.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort_unstable();
    names
}

/// The facade without features, and with each alone: it builds, and nothing in it is left over.
fn features(manifest: &str) -> Vec<Step> {
    let lint = |heading: &str, feature: &[&str]| {
        let bare = ["clippy", "--package", "larder", "--no-default-features"];
        Step::cargo(heading, &[&bare, feature, &["--", "-D", "warnings"]].concat())
    };
    let alone = feature_names(manifest)
        .into_iter()
        .map(|feature| lint(&format!("feature {feature} alone"), &["--features", &feature]));
    std::iter::once(lint("no features", &[])).chain(alone).collect()
}

fn feature_names(manifest: &str) -> Vec<String> {
    let lines = manifest.lines().skip_while(|line| *line != "[features]").skip(1);
    let section = lines.take_while(|line| !line.starts_with('['));
    let names = section.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.trim().to_owned());
    names.filter(|name| !name.starts_with('#')).collect()
}

/// Only where cargo-deny is installed.
fn licences() -> Option<Step> {
    if answers("deny") {
        return Some(Step::cargo("licences and advisories", &["deny", "check"]));
    }
    println!("== cargo-deny is not installed: licences and advisories are not checked");
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_the_names_of_their_section() {
        let manifest = "[package]\nname = \"x\"\n\n[features]\ndefault = [\"a\"]\n## Of a = b.\na = []\n\n[lints]\nc = 1\n";
        assert_eq!(feature_names(manifest), ["default", "a"]);
    }

    #[test]
    fn the_number_of_seeds_reaches_the_tests_and_nothing_else() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository");
        let told = |seeds| {
            let steps = all(root, seeds).expect("the manifest is there").into_iter();
            steps
                .filter_map(|step| Some((step.heading().to_owned(), step.variable(SEEDS)?)))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(Some(20_000)), [("tests".to_owned(), "20000".to_owned())]);
        assert_eq!(told(None), []);
    }

    #[test]
    fn every_row_of_the_tables_exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository");
        let names = example_names(&root.join("examples"));
        for (example, _) in EXAMPLE_ARGUMENTS {
            assert!(names.iter().any(|name| name == example), "no example {example}");
        }
    }
}
