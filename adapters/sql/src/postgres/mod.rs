//! PostgreSQL.

mod backend;
mod columns;
mod database;
mod failure;
mod rows;
mod statement;

pub use database::Postgres;
pub use failure::PostgresError;
