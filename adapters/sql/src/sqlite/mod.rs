//! SQLite.

mod backend;
mod database;
mod failure;
mod rows;
mod statement;

pub use database::Sqlite;
