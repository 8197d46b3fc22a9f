//! The scripts that run on the server, where nothing comes between their steps.

use redis::Cmd;

use crate::link::Form;

/// A script, by its text and by the hash that the server knows it by.
pub(crate) struct Script(redis::Script, String);

/// All scripts. Their texts say what they take and answer.
pub(crate) struct Scripts {
    pub(crate) lease: Script,
    pub(crate) insert: Script,
    pub(crate) fill: Script,
    pub(crate) remove: Script,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        Self {
            lease: Script::new(include_str!("scripts/lease.lua")),
            insert: Script::new(include_str!("scripts/insert.lua")),
            fill: Script::new(include_str!("scripts/fill.lua")),
            remove: Script::new(include_str!("scripts/remove.lua")),
        }
    }
}

impl Script {
    fn new(text: &str) -> Self {
        let text = [include_str!("scripts/prelude.lua"), text].concat();
        Self(redis::Script::new(&text), text)
    }

    /// The command that runs it, up to its keys: the name of an epoch and `count` others, which are to follow; as are its
    /// arguments.
    pub(crate) fn command(&self, form: Form, epoch: &[u8], count: usize) -> Cmd {
        let mut command = match form {
            Form::Hash => redis::cmd("EVALSHA"),
            Form::Source => redis::cmd("EVAL"),
        };
        match form {
            Form::Hash => command.arg(self.0.get_hash()),
            Form::Source => command.arg(&self.1),
        };
        command.arg(count + 1).arg(epoch);
        command
    }
}
