//! What the tests need besides cargo itself, and how it comes to be here.

use std::ffi::OsString;
use std::process::{Command, Stdio};

/// A program, and the Debian package that brings it.
struct Needed {
    program: &'static str,
    package: &'static str,
}

/// What the tests need besides cargo: a browser, to open the lab's reports in; servers, which they start themselves.
const NEEDED: &[Needed] = &[
    Needed { program: "chromium", package: "chromium" },
    Needed { program: "memcached", package: "memcached" },
    Needed { program: "postgres", package: "postgresql" },
    Needed { program: "redis-server", package: "redis-server" },
];

/// Components of the toolchain: the subcommand of cargo, and the name rustup knows.
const COMPONENTS: &[(&str, &str)] = &[("fmt", "rustfmt"), ("clippy", "clippy")];

/// Makes sure that all of it is there: installs what is missing when it can, else says in one line what to install.
pub(crate) fn present() -> Result<(), String> {
    components()?;
    programs()
}

fn components() -> Result<(), String> {
    let missing: Vec<&str> =
        COMPONENTS.iter().filter(|(verb, _)| !answers(verb)).map(|(_, component)| *component).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("== missing: {}", missing.join(" "));
    let mut rustup = Command::new("rustup");
    let added =
        rustup.args(["component", "add"]).args(&missing).status().is_ok_and(|status| status.success());
    if added {
        Ok(())
    } else {
        Err(format!("please install what is missing: rustup component add {}", missing.join(" ")))
    }
}

/// Whether cargo has such a subcommand beside its own.
pub(crate) fn answers(subcommand: &str) -> bool {
    let mut probe = Command::new(cargo());
    probe.args([subcommand, "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

/// The cargo that runs this.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn programs() -> Result<(), String> {
    let missing: Vec<&str> = absent(NEEDED);
    if missing.is_empty() {
        return Ok(());
    }
    println!("== missing: {}", missing.join(" "));
    if is_root() && installed(&missing) && absent(NEEDED).is_empty() {
        return Ok(());
    }
    Err(format!("please install what is missing: apt-get install {}", missing.join(" ")))
}

fn absent(needed: &[Needed]) -> Vec<&'static str> {
    needed.iter().filter(|one| !is_program(one.program)).map(|one| one.package).collect()
}

/// Debian keeps the programs of each version of PostgreSQL in a folder of their own, beside the path.
fn is_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let beside = versions.map(|version| version.path().join("bin"));
    std::env::split_paths(&path).chain(beside).any(|folder| folder.join(name).is_file())
}

fn is_root() -> bool {
    let said = Command::new("id").arg("-u").output();
    said.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// The lists of packages may be stale or absent: a second try follows `apt-get update`.
fn installed(packages: &[&str]) -> bool {
    let install = [&["install", "--yes", "--no-install-recommends"], packages].concat();
    apt(&install) || (apt(&["update"]) && apt(&install))
}

fn apt(arguments: &[&str]) -> bool {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_answers_for_what_it_has_only() {
        assert!(answers("fmt"));
        assert!(!answers("no-such-subcommand-of-larder"));
    }

    #[test]
    fn only_what_is_not_on_the_path_is_absent() {
        let here = Needed { program: "sh", package: "dash" };
        let nowhere = Needed { program: "no-such-program-of-larder", package: "larder-nothing" };
        assert_eq!(absent(&[here, nowhere]), ["larder-nothing"]);
    }
}
