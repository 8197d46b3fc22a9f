//! Programs the tests need that are not Rust, and how they come to be here.

use std::process::{Command, Stdio};

/// A program, and the Debian package that brings it.
struct Needed {
    program: &'static str,
    package: &'static str,
}

/// What the tests need besides cargo: nothing yet.
const NEEDED: &[Needed] = &[];

/// Makes sure that all needed programs are there: installs what is missing when allowed to, else says what to install.
pub(crate) fn present() -> Result<(), String> {
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

fn is_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
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
    fn only_what_is_not_on_the_path_is_absent() {
        let here = Needed { program: "sh", package: "dash" };
        let nowhere = Needed { program: "no-such-program-of-larder", package: "larder-nothing" };
        assert_eq!(absent(&[here, nowhere]), ["larder-nothing"]);
    }
}
