//! The commands, one file each.

mod advise;
mod command;
mod convert;
mod curve;
mod generate;
mod info;
mod report;
mod rows;
mod simulate;

pub(crate) use command::Command;
