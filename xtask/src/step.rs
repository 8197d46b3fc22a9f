//! One step: a command whose output is passed through and read along.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::packages::cargo;
use crate::tally::Tally;

/// A command with a heading.
pub(crate) struct Step {
    heading: String,
    program: OsString,
    arguments: Vec<String>,
    flags: Option<(&'static str, &'static str)>,
    variable: Option<(&'static str, String)>,
    tests: Option<&'static [&'static str]>,
}

impl Step {
    pub(crate) fn cargo(heading: &str, arguments: &[&str]) -> Self {
        Self::program(heading, cargo(), arguments)
    }

    pub(crate) fn program(heading: &str, program: impl Into<OsString>, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let (heading, program) = (heading.trim().to_owned(), program.into());
        Self { heading, program, arguments, flags: None, variable: None, tests: None }
    }

    /// With flags added to those of the variable.
    pub(crate) fn with_flags(mut self, variable: &'static str, flags: &'static str) -> Self {
        self.flags = Some((variable, flags));
        self
    }

    /// With this variable in its environment, whatever is there.
    pub(crate) fn with_variable(mut self, name: &'static str, value: String) -> Self {
        self.variable = Some((name, value));
        self
    }

    /// Runs tests: none may be ignored, no target but these may be empty.
    pub(crate) fn with_tests(mut self, may_be_empty: &'static [&'static str]) -> Self {
        self.tests = Some(may_be_empty);
        self
    }

    fn command(&self, root: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(root).stdin(Stdio::null());
        if let Some((variable, flags)) = self.flags {
            let present = std::env::var(variable).unwrap_or_default();
            command.env(variable, format!("{present} {flags}").trim());
        }
        if let Some((name, value)) = &self.variable {
            command.env(name, value);
        }
        command
    }

    #[cfg(test)]
    pub(crate) fn heading(&self) -> &str {
        &self.heading
    }

    /// What the command's environment is told of this variable.
    #[cfg(test)]
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        let command = self.command(Path::new("."));
        let told = command.get_envs().find(|(other, _)| *other == name);
        told.and_then(|(_, value)| Some(value?.to_str()?.to_owned()))
    }

    fn run(&self, root: &Path, tally: &mut Tally) -> Result<(), String> {
        let begun = Instant::now();
        let program = Path::new(&self.program).file_stem().unwrap_or_default().display();
        println!("\n== {}: {program} {}", self.heading, self.arguments.join(" "));
        let success =
            stream(self.command(root), tally).map_err(|error| format!("{}: {error}", self.heading))?;
        println!("== {}: {:.0} s", self.heading, begun.elapsed().as_secs_f64());
        let faults = self.tests.map(|may_be_empty| tally.faults(may_be_empty)).unwrap_or_default();
        if success && faults.is_empty() {
            return Ok(());
        }
        Err(format!("stopped at: {}\n{}", self.heading, faults.join("\n")).trim_end().to_owned())
    }
}

/// Runs the steps up to the first that fails, and says what was counted.
pub(crate) fn run(root: &Path, steps: &[Step]) -> Result<(), String> {
    let begun = Instant::now();
    let mut tally = Tally::default();
    let outcome = steps.iter().try_for_each(|step| step.run(root, &mut tally));
    println!("\n== {:.0} s in all", begun.elapsed().as_secs_f64());
    if let Err(reason) = &outcome {
        println!("{reason}");
    }
    println!("{tally}");
    outcome.map_err(|_| "failed".to_owned())
}

/// Both outputs go through one pipe, so that they stay in order.
fn stream(mut command: Command, tally: &mut Tally) -> std::io::Result<bool> {
    let (reader, writer) = std::io::pipe()?;
    let mut child = command.stdout(writer.try_clone()?).stderr(writer).spawn()?;
    drop(command); // and with it our ends of the pipe
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        if tally.read(&String::from_utf8_lossy(&line)) {
            std::io::stdout().write_all(&line)?;
        }
        line.clear();
    }
    Ok(child.wait()?.success())
}
