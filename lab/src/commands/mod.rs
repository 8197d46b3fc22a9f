//! The commands, one file each.

mod command;
mod rows;
mod simulate;

pub(crate) use command::Command;
