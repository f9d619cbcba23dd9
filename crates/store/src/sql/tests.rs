//! One suite, run on SQLite and on PostgreSQL.

use std::sync::Once;

use base::{Code, Rand};
use sqlx::{AssertSqlSafe, Executor};
use tempfile::TempDir;

use super::*;

/// A fresh database with our tables.
pub(crate) struct Bed {
    pub(crate) sql: Sql,
    at: At,
}

enum At {
    Folder(TempDir),
    Url(String),
}

impl Bed {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sql = Sql::sqlite(&folder.path().join("meta.sqlite")).await.unwrap();
        Self { sql, at: At::Folder(folder) }
    }

    /// A schema of its own on the server that `THINGD_TEST_POSTGRES` names.
    #[expect(clippy::disallowed_methods, reason = "a test's server comes from the environment")]
    pub(crate) async fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var("THINGD_TEST_POSTGRES") else {
            say_skipped();
            return None;
        };
        let schema = format!("thingd_test_{}", Rand::system().lower(12));
        let admin = PgPool::connect(&server).await.unwrap();
        admin.execute(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).await.unwrap();
        admin.close().await;
        let joint = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{joint}options=-csearch_path%3D{schema}");
        Some(Self { sql: Sql::postgres(&url).await.unwrap(), at: At::Url(url) })
    }

    /// The same database, opened by another server.
    pub(crate) async fn again(&self) -> Sql {
        match &self.at {
            At::Folder(folder) => Sql::sqlite(&folder.path().join("meta.sqlite")).await.unwrap(),
            At::Url(url) => Sql::postgres(url).await.unwrap(),
        }
    }

    async fn run(&self, sql: &'static str) {
        let mut tx = self.sql.begin().await.unwrap();
        tx.script(sql).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn count(&self) -> i64 {
        self.sql.query("SELECT count(*) FROM t", &[]).await.unwrap()[0].int(0).unwrap()
    }
}

/// Past the harness's capture, which `eprintln` is not, so that it is seen in a green run too.
fn say_skipped() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        use std::io::Write;
        writeln!(
            std::io::stderr(),
            "\n*** SKIPPED: PostgreSQL is not tested, THINGD_TEST_POSTGRES is not set \
             (run: scripts/postgres.sh cargo test) ***"
        )
        .unwrap();
    });
}

macro_rules! both {
    ($name:ident) => {
        mod $name {
            use crate::sql::tests::Bed;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(Bed::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(bed) = Bed::postgres().await {
                    super::$name(bed).await;
                }
            }
        }
    };
}
pub(crate) use both;

both!(every_type_comes_back_as_it_went);
async fn every_type_comes_back_as_it_went(bed: Bed) {
    bed.run("CREATE TABLE t (n BIGINT, f DOUBLE PRECISION, s TEXT, b BYTEA)").await;
    let mut tx = bed.sql.begin().await.unwrap();
    let insert = "INSERT INTO t (n, f, s, b) VALUES ($1, $2, $3, $4)";
    let values = [Arg::Int(i64::MIN), Arg::Float(1.5), Arg::Text("温度"), Arg::Bytes(&[0, 255])];
    assert_eq!(tx.execute(insert, &values).await.unwrap(), 1);
    let nothing = [Arg::NoInt, Arg::Float(-2.0), Arg::NoText, Arg::Bytes(&[])];
    assert_eq!(tx.execute(insert, &nothing).await.unwrap(), 1);
    let rows = tx.query("SELECT n, f, s, b FROM t ORDER BY f DESC", &[]).await.unwrap();
    tx.commit().await.unwrap();
    let [row, none] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(row.int(0).unwrap(), i64::MIN);
    assert_eq!(row.maybe_int(0).unwrap(), Some(i64::MIN));
    assert_eq!(row.float(1).unwrap().to_bits(), 1.5_f64.to_bits());
    assert_eq!(row.text(2).unwrap(), "温度");
    assert_eq!(row.maybe_text(2).unwrap(), Some("温度"));
    assert_eq!(row.bytes(3).unwrap(), [0, 255]);
    assert_eq!((none.maybe_int(0).unwrap(), none.maybe_text(2).unwrap()), (None, None));
    assert_eq!(none.bytes(3).unwrap(), [0; 0]);
    for wrong in [row.int(2).err(), row.text(0).err(), none.int(0).err(), row.float(9).err()] {
        assert_eq!(wrong.map(|e| e.code()), Some(Code::InternalErrorDBOpertaionError));
    }
    assert_eq!(format!("{none:?}"), r#"Row(["null", "a float", "null", "bytes"])"#);
}

both!(what_an_expression_gives_is_an_integer_too);
async fn what_an_expression_gives_is_an_integer_too(bed: Bed) {
    bed.run("CREATE TABLE t (n BIGINT)").await;
    let sql = "SELECT count(*), 1 = 1, coalesce(max(n), 0), $1 + 1, $2 || 'b' FROM t";
    let rows = bed.sql.query(sql, &[Arg::Int(41), Arg::Text("a")]).await.unwrap();
    let row = &rows[0];
    let ints: Vec<_> = (0..4).map(|column| row.int(column).unwrap()).collect();
    assert_eq!((ints, row.text(4).unwrap()), (vec![0, 1, 0, 42], "ab"));
}

both!(an_argument_may_stand_more_than_once);
async fn an_argument_may_stand_more_than_once(bed: Bed) {
    bed.run("CREATE TABLE t (s TEXT)").await;
    let mut tx = bed.sql.begin().await.unwrap();
    tx.execute("INSERT INTO t VALUES ($1), ($1)", &[Arg::Text("Lamp")]).await.unwrap();
    tx.commit().await.unwrap();
    let sql = "SELECT s FROM t WHERE ($2 = '' OR lower(s) LIKE $2 ESCAPE '\\') AND $1 = 1 LIMIT $3";
    for (pattern, found) in [("", 2), ("%am%", 2), ("%\\_%", 0)] {
        let args = [Arg::Int(1), Arg::Text(pattern), Arg::Int(9)];
        assert_eq!(bed.sql.query(sql, &args).await.unwrap().len(), found, "{pattern}");
    }
}

both!(a_dropped_transaction_is_as_if_it_never_was);
async fn a_dropped_transaction_is_as_if_it_never_was(bed: Bed) {
    bed.run("CREATE TABLE t (n BIGINT PRIMARY KEY)").await;
    let insert = "INSERT INTO t VALUES ($1) ON CONFLICT (n) DO NOTHING";
    let mut tx = bed.sql.begin().await.unwrap();
    assert_eq!(tx.execute(insert, &[Arg::Int(1)]).await.unwrap(), 1);
    assert_eq!(bed.count().await, 0);
    drop(tx);
    let mut tx = bed.sql.begin().await.unwrap();
    assert_eq!(tx.execute(insert, &[Arg::Int(1)]).await.unwrap(), 1);
    assert_eq!(tx.execute(insert, &[Arg::Int(1)]).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(bed.count().await, 1);
}

both!(an_error_names_no_value_and_leaves_the_store_usable);
async fn an_error_names_no_value_and_leaves_the_store_usable(bed: Bed) {
    bed.run("CREATE TABLE t (n BIGINT PRIMARY KEY)").await;
    let mut tx = bed.sql.begin().await.unwrap();
    let insert = "INSERT INTO t VALUES ($1), ($1)";
    let error = tx.execute(insert, &[Arg::Int(1)]).await.unwrap_err();
    assert_eq!(error.code(), Code::InternalErrorDBOpertaionError);
    assert_eq!(error.message(), "internal error");
    drop(tx);
    assert!(bed.sql.prepare("SELECT n FROM t WHERE n = $1").await.is_ok());
    assert!(bed.sql.prepare("INSERT INTO t VALUES ($1) ON CONFLICT DO NOTHING").await.is_ok());
    assert!(bed.sql.prepare("SELECT nonsense FROM t").await.is_err());
    assert_eq!(bed.count().await, 0);
}

both!(a_lock_makes_check_then_write_safe);
async fn a_lock_makes_check_then_write_safe(bed: Bed) {
    bed.run("CREATE TABLE t (n BIGINT)").await;
    let bed = std::sync::Arc::new(bed);
    let tasks: Vec<_> = (0..12)
        .map(|n| {
            let bed = bed.clone();
            tokio::spawn(async move {
                let mut tx = bed.sql.begin().await.unwrap();
                tx.lock(Uin(u64::MAX)).await.unwrap();
                let rows = tx.query("SELECT count(*) FROM t", &[]).await.unwrap();
                if rows[0].int(0).unwrap() < 5 {
                    tx.execute("INSERT INTO t VALUES ($1)", &[Arg::Int(n)]).await.unwrap();
                }
                tx.commit().await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(bed.count().await, 5);
}

both!(the_database_outlives_its_server);
async fn the_database_outlives_its_server(bed: Bed) {
    bed.run("CREATE TABLE t (n BIGINT); INSERT INTO t VALUES (1)").await;
    bed.sql.close().await;
    assert!(bed.sql.query("SELECT n FROM t", &[]).await.is_err());
    let again = bed.again().await;
    assert_eq!(again.query("SELECT n FROM t", &[]).await.unwrap()[0].int(0).unwrap(), 1);
}

#[tokio::test]
async fn a_read_outside_a_transaction_cannot_write_sqlite() {
    let bed = Bed::sqlite().await;
    bed.run("CREATE TABLE t (n BIGINT)").await;
    assert!(bed.sql.query("INSERT INTO t VALUES (1) RETURNING n", &[]).await.is_err());
    assert_eq!(bed.count().await, 0);
}

#[tokio::test]
async fn sqlite_is_as_durable_and_strict_as_it_can_be() {
    let bed = Bed::sqlite().await;
    let mut tx = bed.sql.begin().await.unwrap();
    let mut pragma = async |sql| tx.query(sql, &[]).await.unwrap().remove(0);
    assert_eq!(pragma("PRAGMA journal_mode").await.text(0).unwrap(), "wal");
    assert_eq!(pragma("PRAGMA synchronous").await.int(0).unwrap(), 2);
    assert_eq!(pragma("PRAGMA foreign_keys").await.int(0).unwrap(), 1);
}

#[tokio::test]
async fn a_url_that_cannot_be_read_is_not_shown() {
    let error = Sql::postgres("postgres://root:hunter2@[bad").await.unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"));
}
