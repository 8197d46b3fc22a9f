//! The house rules as tests: who may import whom, and what every file, function and crate owes its reader.
//!
//! Each rule is held against the repository, and shown to bite on an offender made up for it. A rule answers with its
//! offenders, as `file:line`.

#[path = "house/customs.rs"]
mod customs;
#[path = "house/functions.rs"]
mod functions;
#[path = "house/imports.rs"]
mod imports;
#[path = "house/levels.rs"]
mod levels;
#[path = "house/paths.rs"]
mod paths;
#[path = "house/source.rs"]
mod source;
#[path = "house/tree.rs"]
mod tree;

use tree::Tree;

/// Who may import what, by folder. `(optional)` must be; `(cfg(...))` only there. Tests may import more, except benches.
#[rustfmt::skip]
const TABLE: &[(&str, &[&str])] = &[
    ("core",       &["bytes", "foldhash", "tracing (optional)", "rustix (cfg(target_os = \"linux\"))",
                     "shuttle (cfg(shuttle))"]),
    ("policies",   &["larder-core"]),
    ("patterns",   &["larder-core", "larder-policies", "tokio", "hashbrown", "parking_lot", "foldhash"]),
    ("adapters/*", &["larder-core"]),  // and one foreign family, below
    ("testkit",    &["larder-core"]),
    ("lab",        &["larder-core", "larder-policies", "larder-patterns", "flate2", "foldhash", "lzma-rust2", "zstd",
                     "clap (optional)", "ctrlc (optional)", "indicatif (optional)", "resvg (optional)",
                     "serde (optional)", "serde_json (optional)", "strsim (optional)"]),
    (".",          &["larder-core", "larder-policies (optional)", "larder-patterns (optional)", "larder-sql (optional)",
                     "larder-journal (optional)", "larder-serde (optional)", "larder-compress (optional)",
                     "larder-seal (optional)", "larder-disk (optional)", "larder-redis (optional)",
                     "larder-memcached (optional)", "larder-http (optional)", "larder-moka (optional)",
                     "larder-quick-cache (optional)", "larder-foyer (optional)", "larder-dashmap (optional)",
                     "larder-tower (optional)", "larder-testkit (optional)",
                     "larder-lab (optional)"]),
    ("bench",      &["larder", ANY_FOREIGN]),  // and examples, which are the facade's
    ("xtask",      &[]),
];

/// Whatever is not ours.
const ANY_FOREIGN: &str = "(any foreign)";

/// The one foreign family of each adapter.
const FAMILIES: &[(&str, &[&str])] = &[
    ("adapters/compress", &["flate2", "lz4_flex", "zstd"]),
    ("adapters/dashmap", &["dashmap"]),
    ("adapters/disk", &["fjall", "parking_lot"]),
    ("adapters/foyer", &["foyer-memory"]),
    ("adapters/http", &["http", "http-cache-semantics", "reqwest"]),
    ("adapters/journal", &["twox-hash"]),
    (
        "adapters/seal",
        &["aes-gcm", "aes-gcm-siv", "chacha20poly1305", "getrandom", "hkdf", "hmac", "sha2", "zeroize"],
    ),
    ("adapters/memcached", &["base64", "tokio"]),
    ("adapters/moka", &["moka"]),
    ("adapters/quick-cache", &["quick_cache"]),
    ("adapters/redis", &["redis", "tokio"]),
    ("adapters/serde", &["postcard", "rmp-serde", "serde", "serde_json"]),
    ("adapters/sql", &["sha2", "sqlx", "tokio"]),
    ("adapters/tower", &["bytes", "http", "http-body", "tower-layer", "tower-service"]),
];

/// Sources below the first folder may name the crate only below the second.
const FENCES: &[(&str, &str, &str)] = &[("patterns/src/", "larder-policies", "patterns/src/cache/")];

/// The one module with unsafe code.
const UNSAFE: &str = "core/src/memory/index/";

/// No file is longer, tests included.
const FILE_LINES: usize = 700;

/// No function is longer, tests excepted.
const FUNCTION_LINES: usize = 60;

/// Words that name nothing, in the singular.
const VAGUE: &[&str] = &["manager", "helper", "util", "impl", "base"];

/// What every decision record says.
const HEADINGS: &[&str] = &["## Context", "## Decision", "## What lost"];

/// The repository keeps the rule.
#[track_caller]
fn kept(rule: fn(&Tree) -> Vec<String>) {
    let offenders = rule(&Tree::read());
    assert!(offenders.is_empty(), "{} offenders:\n{}", offenders.len(), offenders.join("\n"));
}

/// The rule finds exactly these offenders in a made-up tree.
#[track_caller]
fn bites(rule: fn(&Tree) -> Vec<String>, files: &[(&str, &str)], offenders: &[&str]) {
    assert_eq!(rule(&Tree::of(files)), offenders);
}

mod the_import_table {
    use super::imports::{families_without_adapter, in_manifests, in_sources, of_ends};
    use super::{bites, kept};

    #[test]
    fn manifests_keep_it() {
        kept(in_manifests);
    }

    #[test]
    fn sources_keep_it() {
        kept(in_sources);
    }

    #[test]
    fn nothing_imports_the_benches_or_the_tasks() {
        kept(of_ends);
    }

    #[test]
    fn every_family_has_its_adapter() {
        kept(families_without_adapter);
    }

    #[test]
    fn a_forbidden_dependency_is_found() {
        let manifest =
            "[dependencies]\nlarder-core.workspace = true\nserde = \"1\"\n[dev-dependencies]\nrand = \"1\"\n";
        let offender = "policies/Cargo.toml:3 may not import serde";
        bites(in_manifests, &[("policies/Cargo.toml", manifest)], &[offender]);
    }

    #[test]
    fn a_dependency_under_another_name_is_found() {
        let manifest = "[dependencies]\ntokio = { package = \"smol\", version = \"2\" }\n";
        let offender = "patterns/Cargo.toml:1 may not import smol";
        bites(in_manifests, &[("patterns/Cargo.toml", manifest)], &[offender]);
    }

    #[test]
    fn what_must_be_optional_or_conditional_is_found_when_it_is_not() {
        let manifest = "[dependencies]\ntracing = \"1\"\nshuttle = \"1\"\n[build-dependencies]\ncc = \"1\"\n";
        let offenders = [
            "core/Cargo.toml:2 may not import tracing",
            "core/Cargo.toml:3 may not import shuttle",
            "core/Cargo.toml:5 may not import cc",
        ];
        let mut found = super::imports::in_manifests(&super::Tree::of(&[("core/Cargo.toml", manifest)]));
        found.sort_by_key(|offender| offender.split(':').nth(1).map(ToOwned::to_owned));
        assert_eq!(found, offenders);
        let kept = "[dependencies]\ntracing = { version = \"1\", optional = true }\n\
                    [target.'cfg(shuttle)'.dependencies]\nshuttle = \"1\"\n";
        bites(in_manifests, &[("core/Cargo.toml", kept)], &[]);
    }

    #[test]
    fn an_adapter_takes_neither_another_adapter_nor_a_second_family() {
        let manifest =
            "[dependencies]\nlarder-core = \"1\"\nlarder-redis = \"1\"\nredis = \"1\"\nsqlx = \"1\"\n";
        let offenders = [
            "adapters/sql/Cargo.toml:3 may not import larder-redis",
            "adapters/sql/Cargo.toml:4 may not import redis",
        ];
        bites(in_manifests, &[("adapters/sql/Cargo.toml", manifest)], &offenders);
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        bites(
            in_manifests,
            &[("adapters/new/Cargo.toml", "")],
            &["adapters/new/Cargo.toml:1 has no row in the table"],
        );
    }

    #[test]
    fn an_import_in_a_source_is_found_and_one_in_a_test_or_a_comment_is_not() {
        let source = "//! larder_lab\nuse larder_core::Store;\nfn f() { larder_policies::find(); }\n\
                      #[cfg(test)]\nmod tests { use larder_testkit::Gate; }\n";
        let files = [("testkit/Cargo.toml", ""), ("testkit/src/a.rs", source)];
        bites(in_sources, &files, &["testkit/src/a.rs:3 may not import larder-policies"]);
    }

    #[test]
    fn patterns_name_policies_only_in_the_cache() {
        let source = "use larder_policies::Lru;";
        let files = [
            ("patterns/Cargo.toml", ""),
            ("patterns/src/cache/build.rs", source),
            ("patterns/src/ext.rs", source),
        ];
        bites(in_sources, &files, &["patterns/src/ext.rs:1 may not import larder-policies"]);
    }

    #[test]
    fn an_example_that_goes_past_the_facade_is_found() {
        let files = [("examples/tour.rs", "use larder::Cache;\nuse larder_core::Store;\n")];
        bites(in_sources, &files, &["examples/tour.rs:2 names larder_core, not the facade"]);
    }

    #[test]
    fn a_bench_names_the_facade_alone_of_ours() {
        let manifest = "[dependencies]\nfoldhash = \"1\"\nlarder = \"1\"\nlarder-core = \"1\"\n";
        bites(
            in_manifests,
            &[("bench/Cargo.toml", manifest)],
            &["bench/Cargo.toml:4 may not import larder-core"],
        );
    }

    #[test]
    fn a_bench_imported_by_a_test_is_found() {
        let manifest = "[dev-dependencies]\nlarder-bench.workspace = true\n";
        bites(of_ends, &[("lab/Cargo.toml", manifest)], &["lab/Cargo.toml:2 imports larder-bench"]);
    }

    #[test]
    fn a_family_without_its_adapter_is_found() {
        let offenders: Vec<_> = super::FAMILIES
            .iter()
            .map(|(folder, _)| format!("{folder}: a row in FAMILIES, but no crate"))
            .collect();
        assert!(!offenders.is_empty());
        bites(families_without_adapter, &[], &offenders.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

mod files_form_levels {
    use super::levels::circles;
    use super::{bites, kept};

    #[test]
    fn in_every_crate() {
        kept(circles);
    }

    #[test]
    fn a_circle_is_found_through_nested_braces_and_a_re_export() {
        let files = [
            ("core/Cargo.toml", ""),
            ("core/src/lib.rs", "mod a;\nmod b;\nmod c;\npub use a::Thing;"),
            ("core/src/a.rs", "use crate::{b::{self, Other}, c};\npub struct Thing;"),
            ("core/src/b.rs", "\nuse super::Thing;\npub struct Other;"),
            ("core/src/c.rs", "pub struct Leaf;"),
        ];
        let offenders = [
            "core/src/a.rs:1 imports core/src/b.rs, which leads back to it",
            "core/src/b.rs:2 imports core/src/a.rs, which leads back to it",
        ];
        bites(circles, &files, &offenders);
    }

    #[test]
    fn a_parent_with_code_of_its_own_is_a_file_like_any_other() {
        let child = ("core/src/m/child.rs", "use super::Parent;\npub(crate) struct Child;");
        let shelf = ("core/src/m/mod.rs", "mod child;\nmod parent;\npub use self::parent::Parent;");
        let parent = ("core/src/m/parent.rs", "pub struct Parent;");
        let root = [("core/Cargo.toml", ""), ("core/src/lib.rs", "mod m;")];
        bites(circles, &[root[0], root[1], child, shelf, parent], &[]);
        let own = ("core/src/m/mod.rs", "mod child;\nuse child::Child;\npub struct Parent;");
        let offenders = [
            "core/src/m/child.rs:1 imports core/src/m/mod.rs, which leads back to it",
            "core/src/m/mod.rs:2 imports core/src/m/child.rs, which leads back to it",
        ];
        bites(circles, &[root[0], root[1], child, own], &offenders);
    }

    #[test]
    fn paths_in_code_count_and_tests_do_not() {
        let files = [
            ("core/Cargo.toml", ""),
            ("core/src/lib.rs", "mod a;\nmod b;"),
            ("core/src/a.rs", "fn f() { crate::b::g(); }"),
            ("core/src/b.rs", "#[cfg(test)]\nmod tests { use crate::a::f; }\npub fn g() {}"),
        ];
        bites(circles, &files, &[]);
        let back = ("core/src/b.rs", "pub fn g() { super::a::f() }");
        let offenders = [
            "core/src/a.rs:1 imports core/src/b.rs, which leads back to it",
            "core/src/b.rs:1 imports core/src/a.rs, which leads back to it",
        ];
        bites(circles, &[files[0], files[1], files[2], back], &offenders);
    }

    #[test]
    fn a_module_inside_a_file_is_that_file() {
        let files = [
            ("core/Cargo.toml", ""),
            ("core/src/lib.rs", "mod a;\nmod b;"),
            (
                "core/src/a.rs",
                "use self::inner::X;\nmod inner { use super::Y; pub struct X; }\npub struct Y;",
            ),
            ("core/src/b.rs", "use crate::a::inner::X;\nuse std::a::Z;"),
        ];
        bites(circles, &files, &[]);
    }
}

mod files_and_functions {
    use super::customs::{
        files_without_their_idea, long_files, long_functions, unnumbered_marks, vague_names,
    };
    use super::{bites, kept};

    #[test]
    fn no_file_is_too_long() {
        kept(long_files);
        let (fits, long) = ("x\n".repeat(700), "x\n".repeat(701));
        bites(long_files, &[("a.rs", &fits), ("b.rs", &long)], &["b.rs:701 lines"]);
    }

    #[test]
    fn no_function_is_too_long() {
        kept(long_functions);
        let (fits, long) = ("\n".repeat(59), "\n".repeat(60));
        let code = format!(
            "fn fits() {{{fits}}}\nfn long() {{{long}}}\n#[cfg(test)]\nmod tests {{ fn t() {{{long}}} }}"
        );
        bites(long_functions, &[("a.rs", &code), ("tests/b.rs", &code)], &["a.rs:61 `long` has 61 lines"]);
    }

    #[test]
    fn every_file_begins_with_its_idea() {
        kept(files_without_their_idea);
        let files = [("a.rs", "//! An idea.\n"), ("b.rs", "use std::fmt;\n//! Too late.\n")];
        bites(files_without_their_idea, &files, &["b.rs:1 does not begin with `//! `"]);
    }

    #[test]
    fn no_file_is_named_after_nothing() {
        kept(vague_names);
        let files = [("core/src/cache_manager.rs", ""), ("utils/mod.rs", ""), ("core/src/basics.rs", "")];
        let offenders =
            ["core/src/cache_manager.rs:1 is named after nothing", "utils/mod.rs:1 is named after nothing"];
        bites(vague_names, &files, &offenders);
    }

    #[test]
    fn work_left_undone_has_a_number() {
        kept(unnumbered_marks);
        let mark = concat!("TO", "DO");
        let text = format!("// {mark} #12: later\n// {mark}(#3)\n// {mark}: some day\n");
        bites(unnumbered_marks, &[("a.rs", &text)], &[&format!("a.rs:3 {mark} without a number")]);
    }
}

mod crates_and_documents {
    use super::customs::{
        crates_without_lints, decision_records, logic_in_the_facade, undocumented_features, unsafe_elsewhere,
    };
    use super::{bites, kept};

    const ROOT: &str = "[features]\ndefault = []\nsql = []\nlab = []\n[workspace.lints.rust]\nunsafe_code = \"deny\"\n\
                        [lints]\nworkspace = true\n";

    #[test]
    fn every_crate_takes_the_lints_and_none_is_unsafe() {
        kept(crates_without_lints);
        let files = [("Cargo.toml", ROOT), ("core/Cargo.toml", "[package]\nname = \"larder-core\"\n")];
        bites(crates_without_lints, &files, &["core/Cargo.toml:1 has no `[lints] workspace = true`"]);
        let lax = ROOT.replace("deny", "warn");
        bites(crates_without_lints, &[("Cargo.toml", &lax)], &["Cargo.toml:1 does not deny `unsafe_code`"]);
    }

    #[test]
    fn unsafe_code_has_one_module() {
        kept(unsafe_elsewhere);
        let files = [
            ("core/src/lib.rs", "//! Roots of core need not forbid it."),
            ("core/src/memory/index/mod.rs", "//! unsafe {}\nfn a() { unsafe {} }\n"),
            ("core/src/memory/node.rs", "//! It is not unsafe.\nfn a() { unsafe {} }\n"),
            ("lab/src/lib.rs", "//! A root.\n"),
            ("lab/src/more.rs", "//! Nothing.\n#![allow(unsafe_code)]\n"),
        ];
        let offenders = [
            "core/src/memory/node.rs:2 is unsafe",
            "lab/src/lib.rs:1 does not forbid unsafe code",
            "lab/src/more.rs:2 allows unsafe code",
        ];
        bites(unsafe_elsewhere, &files, &offenders);
    }

    #[test]
    fn the_facade_only_re_exports() {
        kept(logic_in_the_facade);
        let files = [
            ("src/lib.rs", "//! fn\npub use a::*;\nfn own() {}\nimpl X {}\n"),
            ("src/more.rs", "pub use b::*;"),
        ];
        let offenders =
            ["src/lib.rs:3 has a `fn`", "src/lib.rs:4 has a `impl`", "src/more.rs:1 is a second file"];
        bites(logic_in_the_facade, &files, &offenders);
    }

    #[test]
    fn every_feature_has_its_row() {
        kept(undocumented_features);
        let files = [("Cargo.toml", ROOT), ("src/lib.rs", "//! | `sql` | | tables |\n")];
        bites(undocumented_features, &files, &["src/lib.rs:1 has no row for the feature `lab`"]);
    }

    #[test]
    fn decision_records_are_numbered_and_complete() {
        kept(decision_records);
        let whole = "# One\n\n## Context\n\n## Decision\n\n## What lost\n";
        let files =
            [("docs/decisions/0001-a.md", whole), ("docs/decisions/0003-c.md", "## Context\n## Decision\n")];
        let offenders = [
            "docs/decisions/0003-c.md:1 is not number 0002",
            "docs/decisions/0003-c.md:1 has no `## What lost`",
        ];
        bites(decision_records, &files, &offenders);
    }
}

mod the_scanner {
    use super::functions::functions;
    use super::paths::paths;
    use super::source::{Source, mask};

    fn names(code: &str) -> Vec<(String, usize)> {
        functions(&mask(code)).into_iter().map(|one| (one.name, one.lines)).collect()
    }

    #[test]
    fn comments_strings_and_characters_are_no_code() {
        let code = "a /* { /* } */ { */ b // {\nc \"{\\\"{\" d r#\"{\"{\"# e '{' f '\\'' g '\\u{7b}' h 'ü' i b\"{\" j";
        assert_eq!(mask(code).split_whitespace().collect::<String>(), "abcdefghibj");
        assert_eq!(mask(code).len(), code.len());
    }

    #[test]
    fn lifetimes_and_raw_names_are_code() {
        let code = "fn r#try<'a>(x: &'a str) -> Cow<'a, str> { 'outer: loop {} }";
        assert_eq!(mask(code), code);
    }

    #[test]
    fn a_function_ends_at_its_own_brace() {
        let code = "fn a() {\n  let x = \"}\"; // }\n  if x { '}'; }\n}\nfn b<'a>(x: [u8; { 1 }]) -> &'a str\nwhere\n{\n}\n";
        assert_eq!(names(code), [("a".to_owned(), 4), ("b".to_owned(), 4)]);
    }

    #[test]
    fn declarations_and_pointers_are_no_functions() {
        assert_eq!(
            names("trait T { fn a(&self); }\nstruct S(fn(u8) -> u8);\nfn c(f: fn()) {}"),
            [("c".to_owned(), 1)]
        );
    }

    #[test]
    fn a_test_module_is_blanked_and_what_follows_it_is_not() {
        let source = Source::new(
            "a.rs",
            "#[cfg(test)]\nmod tests { fn t() {} }\n#[cfg(test)] mod more;\nfn real() {}\n",
        );
        assert_eq!(source.code.trim(), "fn real() {}");
        assert_eq!(source.place(source.text.find("real").expect("it is there")), "a.rs:4");
    }

    #[test]
    fn use_trees_are_read_leaf_by_leaf() {
        let found = paths("pub use crate::{a::{self, B as C}, d::*};\nuse ::std::fmt;\nx.y(); e::f::g();");
        let told: Vec<_> =
            found.iter().map(|one| (one.segments.join("::"), one.binds.as_deref(), one.glob)).collect();
        let expected = [
            ("crate::a", Some("a"), false),
            ("crate::a::B", Some("C"), false),
            ("crate::d", None, true),
            ("std::fmt", Some("fmt"), false),
            ("e::f::g", None, false),
        ];
        assert_eq!(told, expected.map(|(path, binds, glob)| (path.to_owned(), binds, glob)));
    }
}
