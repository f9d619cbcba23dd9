//! The place where the metadata's tables come from: numbered SQL texts, one folder per engine,
//! each run once in its own transaction.

use std::collections::BTreeMap;

use base::{Code, Error, Result};

use super::{Sql, Tx, row::Arg};
use crate::checksum;

/// One text. The name is `NNNN_chapter`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Migration {
    name: &'static str,
    sql: &'static str,
}

macro_rules! migrations {
    ($($name:literal),* $(,)?) => {
        const SQLITE: &[Migration] = &[$(Migration {
            name: $name,
            sql: include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
        }),*];
        const POSTGRES: &[Migration] = &[$(Migration {
            name: $name,
            sql: include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        }),*];
    };
}

// By number. A new one is one line here and a file of that name in each folder.
migrations![
    "0001_account",
    "0002_instance",
    "0003_project",
    "0004_product",
    "0010_device",
    "0011_device_count",
    "0012_device_index",
    "0020_service",
    "0021_cert",
];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS migration \
    (name TEXT NOT NULL PRIMARY KEY, checksum BIGINT NOT NULL)";
const DONE: &str = "SELECT name, checksum FROM migration";
const ADD: &str = "INSERT INTO migration (name, checksum) VALUES ($1, $2)";

/// The texts for an engine.
pub(super) fn of(sql: &Sql) -> &'static [Migration] {
    match sql {
        Sql::Sqlite { .. } => SQLITE,
        Sql::Postgres(_) => POSTGRES,
    }
}

/// Runs what is missing. Refuses a database that knows a migration which this program does not
/// know, or knows otherwise.
pub(super) async fn run(sql: &Sql, known: &[Migration]) -> Result<()> {
    let mut tx = begin(sql).await?;
    tx.execute(TABLE, &[]).await?;
    let mut done = BTreeMap::new();
    for row in tx.query(DONE, &[]).await? {
        done.insert(row.text(0)?.to_owned(), row.int(1)?);
    }
    tx.commit().await?;
    check(&done, known)?;
    for migration in known.iter().filter(|m| !done.contains_key(m.name)) {
        apply(sql, migration).await?;
    }
    Ok(())
}

fn check(done: &BTreeMap<String, i64>, known: &[Migration]) -> Result<()> {
    for (name, checksum) in done {
        let Some(migration) = known.iter().find(|m| m.name == name) else {
            return Err(refuse(format!("the database is newer than this thingd: it has {name}")));
        };
        if migration.checksum() != *checksum {
            return Err(refuse(format!(
                "migration {name} is not the one the database was made by"
            )));
        }
    }
    Ok(())
}

async fn apply(sql: &Sql, migration: &Migration) -> Result<()> {
    let mut tx = begin(sql).await?;
    // Another server may have been here since the list was read.
    let done = tx.query(DONE, &[]).await?;
    if done.iter().any(|row| row.text(0).is_ok_and(|name| name == migration.name)) {
        return Ok(());
    }
    tx.script(migration.sql).await?;
    tx.execute(ADD, &[Arg::Text(migration.name), Arg::Int(migration.checksum())]).await?;
    tx.commit().await?;
    tracing::info!(migration = migration.name, "ran a migration");
    Ok(())
}

/// One server at a time.
async fn begin(sql: &Sql) -> Result<Tx> {
    const TURN: i64 = 0x7468_696e_6764;
    let mut tx = sql.begin().await?;
    tx.turn(TURN).await?;
    Ok(tx)
}

fn refuse(message: String) -> Error {
    Error::new(Code::InternalErrorDBOpertaionError, message)
}

impl Migration {
    fn checksum(&self) -> i64 {
        i64::from_le_bytes(checksum::of(self.sql.as_bytes()).to_le_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::tests::{Bed, both};

    const FIRST: Migration = Migration {
        name: "0001_first",
        sql: "CREATE TABLE a (n BIGINT); INSERT INTO a VALUES (1); CREATE TABLE b (n BIGINT)",
    };
    const SECOND: Migration = Migration { name: "0002_second", sql: "UPDATE a SET n = n + 1" };
    const BROKEN: Migration =
        Migration { name: "0003_broken", sql: "UPDATE a SET n = 9; SELECT nonsense" };

    #[test]
    fn numbers_rise_and_are_used_once() {
        let names: Vec<_> = SQLITE.iter().map(|m| m.name).collect();
        assert!(names.is_sorted_by(|a, b| a.split('_').next() < b.split('_').next()), "{names:?}");
    }

    async fn value(bed: &Bed) -> i64 {
        bed.sql.query("SELECT n FROM a", &[]).await.unwrap()[0].int(0).unwrap()
    }

    both!(each_runs_once_and_a_broken_one_changes_nothing);
    async fn each_runs_once_and_a_broken_one_changes_nothing(bed: Bed) {
        // The bed's own migrations are not of this list.
        forget(&bed).await;
        run(&bed.sql, &[FIRST]).await.unwrap();
        run(&bed.sql, &[FIRST, SECOND]).await.unwrap();
        run(&bed.sql, &[FIRST, SECOND]).await.unwrap();
        assert_eq!(value(&bed).await, 2);
        assert!(run(&bed.sql, &[FIRST, SECOND, BROKEN]).await.is_err());
        assert_eq!(value(&bed).await, 2);
        run(&bed.sql, &[FIRST, SECOND]).await.unwrap();
    }

    both!(the_devices_of_an_older_database_get_their_index_and_their_project);
    async fn the_devices_of_an_older_database_get_their_index_and_their_project(bed: Bed) {
        let mut tx = bed.sql.begin().await.unwrap();
        tx.script(
            "DROP INDEX device_by_version; DROP INDEX device_by_project_version;
             DROP INDEX device_count_by_project; ALTER TABLE device_count DROP COLUMN project_id;
             DELETE FROM migration WHERE name = '0012_device_index';
             INSERT INTO device (uin, project_id, product_id, name, secret, enabled, version, created)
                 VALUES (1, 'a', 'P', 'x', '', 1, '', 1), (1, 'a', 'P', 'y', '', 1, '', 1),
                     (1, 'b', 'Q', 'x', '', 1, '', 1);
             INSERT INTO device_count (product_id, devices) VALUES ('P', 2), ('Q', 1), ('R', 0)",
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        run(&bed.sql, of(&bed.sql)).await.unwrap();
        let sql = "SELECT project_id FROM device_count ORDER BY product_id";
        let rows = bed.sql.query(sql, &[]).await.unwrap();
        let projects: Vec<_> = rows.iter().map(|row| row.text(0).unwrap()).collect();
        assert_eq!(projects, ["a", "b", ""]);
    }

    both!(a_newer_or_changed_database_is_refused);
    async fn a_newer_or_changed_database_is_refused(bed: Bed) {
        forget(&bed).await;
        run(&bed.sql, &[FIRST, SECOND]).await.unwrap();
        let newer = run(&bed.sql, &[FIRST]).await.unwrap_err();
        assert!(newer.message().contains("newer than this thingd: it has 0002_second"), "{newer}");
        let changed = Migration { sql: "UPDATE a SET n = 7", ..SECOND };
        let error = run(&bed.sql, &[FIRST, changed]).await.unwrap_err();
        assert!(error.message().contains("0002_second is not the one"), "{error}");
        assert_eq!(value(&bed).await, 2);
    }

    both!(two_servers_that_start_together_run_each_once);
    async fn two_servers_that_start_together_run_each_once(bed: Bed) {
        let other = bed.again().await;
        forget(&bed).await;
        let (a, b) = tokio::join!(run(&bed.sql, &[FIRST, SECOND]), run(&other, &[FIRST, SECOND]));
        a.and(b).unwrap();
        assert_eq!(value(&bed).await, 2);
    }

    async fn forget(bed: &Bed) {
        let mut tx = bed.sql.begin().await.unwrap();
        tx.execute("DELETE FROM migration", &[]).await.unwrap();
        tx.commit().await.unwrap();
    }
}
