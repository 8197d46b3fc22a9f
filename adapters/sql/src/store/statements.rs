//! The SQL of a store. One wording for all databases, but for what a [`Dialect`] says.
//!
//! A row is a value or, with an envelope that is NULL, the memory of a removal. Its `version` is what no other write or fill
//! has. Who writes says which version the row must have to be replaced, or that there must be none: so a lease is good
//! exactly as long as nobody has written, and a write that comes late undoes nothing.

use larder_core::Result;

use crate::backend::{Dialect, Statement};
use crate::names::{Bounds, quoted};

/// The version of the tables: of who writes another one nothing is read.
pub(super) const LAYOUT: i64 = 1;

/// The most rows of one purge.
pub(super) const PURGED: usize = 500;

/// What a row must have lain before it is purged, beyond twice the lease, in microseconds.
const BEYOND: i64 = 60_000_000;

const COLUMNS: &str = "id, version, replaces, epoch, envelope, written, ends";

/// All statements of one store.
#[derive(Debug)]
pub(super) struct Statements {
    /// What makes the tables, in this order.
    pub(super) create: [String; 3],
    /// Makes sure of the epoch. Parameters: a fresh epoch, the lease in microseconds. Answers the layout and the number of
    /// a new writer.
    pub(super) register: String,
    /// Fails where the table is another's.
    pub(super) probe: String,
    /// Answers for each row its number, the epoch, the time, the version, when it was written and, if the value is usable,
    /// its envelope.
    pub(super) read: Statement,
    /// Answers for each row its number, the epoch, the time, the version, and whether the value is usable.
    pub(super) look: Statement,
    /// Answers the ids of those that were written.
    pub(super) put: Statement,
    /// Answers the ids of those that were removed.
    pub(super) remove: Statement,
    /// Begins the next epoch. Answers a row.
    pub(super) clear: String,
    /// Deletes some of what nobody will miss. Answers a row for each.
    pub(super) purge: String,
}

impl Statements {
    pub(super) fn new(dialect: &Dialect, bounds: Bounds, name: &str) -> Result<Self> {
        let table = &quoted(bounds, name)?;
        let epochs = &quoted(bounds, &format!("{name}_epoch"))?;
        let index = &quoted(bounds, &format!("{name}_ends"))?;
        let now = dialect.now;
        let usable = format!("t.epoch = e.epoch AND t.ends > {now}");
        let search = |told: &str| Statement {
            columns: &["id", "n"],
            before: format!("SELECT w.n, e.epoch, {now}, t.version, {told} FROM "),
            after: format!(" CROSS JOIN {epochs} AS e LEFT JOIN {table} AS t ON t.id = w.id"),
        };
        Ok(Self {
            create: create(dialect, table, epochs, index),
            register: format!(
                "INSERT INTO {epochs} AS e (one, layout, epoch, cleared, writers, lease) \
                 VALUES (1, {LAYOUT}, $1, 0, 1, $2) ON CONFLICT (one) DO UPDATE SET writers = e.writers + 1, \
                 lease = CASE WHEN e.lease < excluded.lease THEN excluded.lease ELSE e.lease END \
                 RETURNING layout, writers"
            ),
            probe: format!("SELECT {COLUMNS} FROM {table} LIMIT 0"),
            read: search(&format!("t.written, CASE WHEN {usable} THEN t.envelope END")),
            look: search(&format!("CASE WHEN {usable} THEN 1 ELSE 0 END")),
            put: put(now, table, epochs),
            remove: remove(now, table, epochs),
            clear: format!("UPDATE {epochs} SET epoch = epoch + 1, cleared = {now} RETURNING 1"),
            purge: purge(dialect, table, epochs),
        })
    }
}

fn create(dialect: &Dialect, table: &str, epochs: &str, index: &str) -> [String; 3] {
    let Dialect { bytes, integer, options, .. } = dialect;
    [
        format!(
            "CREATE TABLE IF NOT EXISTS {table} (id {bytes} NOT NULL PRIMARY KEY, version {integer} NOT NULL, \
             replaces {integer} NOT NULL, epoch {integer} NOT NULL, envelope {bytes}, \
             written {integer} NOT NULL, ends {integer} NOT NULL){options}"
        ),
        format!("CREATE INDEX IF NOT EXISTS {index} ON {table} (epoch, ends)"),
        format!(
            "CREATE TABLE IF NOT EXISTS {epochs} (one {integer} NOT NULL PRIMARY KEY, layout {integer} NOT NULL, \
             epoch {integer} NOT NULL, cleared {integer} NOT NULL, writers {integer} NOT NULL, \
             lease {integer} NOT NULL){options}"
        ),
    ]
}

/// A life of microseconds that begins now; below 0 it never ends.
fn put(now: &str, table: &str, epochs: &str) -> Statement {
    let never = i64::MAX;
    let ends = format!("CASE WHEN w.life < 0 THEN {never} ELSE {now} + w.life END");
    Statement {
        columns: &["id", "version", "replaces", "epoch", "life", "envelope"],
        before: format!(
            "INSERT INTO {table} AS t ({COLUMNS}) \
             SELECT w.id, w.version, w.replaces, e.epoch, w.envelope, {now}, {ends} FROM "
        ),
        after: exactly(now, table, epochs),
    }
}

fn remove(now: &str, table: &str, epochs: &str) -> Statement {
    Statement {
        columns: &["id", "version", "replaces", "epoch"],
        before: format!(
            "INSERT INTO {table} AS t ({COLUMNS}) \
             SELECT w.id, w.version, w.replaces, e.epoch, NULL, {now}, {now} FROM "
        ),
        after: exactly(now, table, epochs),
    }
}

/// What holds if the row is still the one that is to be replaced. Where there was none, `replaces` is below 0 and names
/// the time: then there must be none yet, and so little time must have passed that no removal can be forgotten.
fn exactly(now: &str, table: &str, epochs: &str) -> String {
    let time = i64::MAX;
    format!(
        " CROSS JOIN {epochs} AS e WHERE w.epoch = e.epoch AND CASE \
         WHEN w.replaces < 0 THEN {now} - (w.replaces & {time}) BETWEEN 0 AND e.lease \
         ELSE EXISTS (SELECT 1 FROM {table} AS x WHERE x.id = w.id) END \
         ON CONFLICT (id) DO UPDATE SET version = excluded.version, replaces = excluded.replaces, \
         epoch = excluded.epoch, envelope = excluded.envelope, written = excluded.written, ends = excluded.ends \
         WHERE t.version = excluded.replaces RETURNING id"
    )
}

/// What has ended or is of an earlier epoch goes, once no lease is good any more that knows nothing of it. A row that is
/// written in between stays.
fn purge(dialect: &Dialect, table: &str, epochs: &str) -> String {
    let Dialect { now, locked, .. } = dialect;
    let old = format!("{now} - 2 * e.lease - {BEYOND}");
    format!(
        "DELETE FROM {table} WHERE id IN (SELECT t.id FROM {epochs} AS e CROSS JOIN {table} AS t \
         WHERE (t.epoch, t.ends) <= (e.epoch, {old}) \
         AND t.epoch >= CASE WHEN e.cleared <= {old} THEN 0 ELSE e.epoch END AND t.written <= {old} \
         LIMIT {PURGED}{locked}) AND written <= (SELECT {old} FROM {epochs} AS e) RETURNING 1"
    )
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::backend::Backend;
    use crate::{Datum, Sqlite};

    const PLAN: &str = "EXPLAIN QUERY PLAN ";

    fn told(rows: Vec<Vec<Datum>>) -> Vec<String> {
        let steps = rows.into_iter().filter_map(|mut row| match row.pop() {
            Some(Datum::Text(step)) => Some(step),
            _ => None,
        });
        steps.collect()
    }

    #[tokio::test]
    async fn searches_writes_and_purges_use_an_index() {
        let db = Sqlite::in_memory().await.unwrap();
        let statements = Statements::new(db.dialect(), db.bounds(), "cache").unwrap();
        for sql in statements.create {
            db.fetch(sql, Vec::new()).await.unwrap();
        }
        let row = |width: usize| vec![vec![Datum::Integer(1); width]];
        for (statement, table) in [(statements.read, "t"), (statements.look, "t"), (statements.put, "x")] {
            let plan = format!("{PLAN}{}", statement.before);
            let planned = Statement { before: plan, ..statement };
            let steps = told(db.over(&planned, row(planned.columns.len())).await.unwrap());
            let search = format!("SEARCH {table} USING");
            assert!(
                steps.iter().any(|step| step.starts_with(&search) && step.contains("(id=?)")),
                "{steps:?}"
            );
            assert!(!steps.iter().any(|step| step.starts_with(&format!("SCAN {table}"))), "{steps:?}");
        }
        let steps = told(db.fetch(format!("{PLAN}{}", statements.purge), Vec::new()).await.unwrap());
        assert!(steps.iter().any(|step| step.starts_with("SEARCH t USING INDEX cache_ends")), "{steps:?}");
    }
}
