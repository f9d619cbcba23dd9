//! The place where all SQL of the account chapter stands.

use base::{Millis, Result, Secret};
use store::{Arg, Row, Store, Tx};

use super::{
    Caller,
    types::{Key, Session, User},
};
use crate::sql::{int, number, uin};

const USER_ADD: &str = "INSERT INTO account_user (name, uin, root, password, created) \
    VALUES ($1, $2, $3, $4, $5)";
const USERS: &str = "SELECT name, uin, root, password FROM account_user";
const USER_COUNT: &str = "SELECT count(*) FROM account_user";
const PASSWORD: &str = "UPDATE account_user SET password = $1 WHERE name = $2";
const KEY_ADD: &str = "INSERT INTO account_key (secret_id, secret_key, user_name, created) \
    VALUES ($1, $2, $3, $4)";
const KEYS: &str = "SELECT secret_id, secret_key, user_name FROM account_key";
const SESSION_ADD: &str = "INSERT INTO account_session (token_hash, user_name, created, used) \
    SELECT $1, name, $3, $3 FROM account_user WHERE name = $2 AND password = $4";
const SESSIONS: &str = "SELECT token_hash, user_name, created, used FROM account_session";
const SESSION_USED: &str = "UPDATE account_session SET used = $1 WHERE token_hash = $2";
const SESSION_END: &str = "DELETE FROM account_session WHERE token_hash = $1";
const SESSIONS_END: &str = "DELETE FROM account_session WHERE user_name = $1";

/// Every statement of this chapter.
pub const ALL: &[&str] = &[
    USER_ADD,
    USERS,
    USER_COUNT,
    PASSWORD,
    KEY_ADD,
    KEYS,
    SESSION_ADD,
    SESSIONS,
    SESSION_USED,
    SESSION_END,
    SESSIONS_END,
];

pub(super) async fn user_add(tx: &mut Tx, user: &User, now: Millis) -> Result<()> {
    let args = [
        Arg::Text(&user.caller.user),
        int(user.caller.uin.0)?,
        Arg::Int(user.caller.root.into()),
        Arg::Text(text(&user.password)),
        Arg::Int(now),
    ];
    tx.execute(USER_ADD, &args).await.map(|_| ())
}

pub(super) async fn users(store: &Store) -> Result<Vec<User>> {
    let read = |row: &Row| {
        let caller =
            Caller { user: row.text(0)?.to_owned(), uin: uin(row, 1)?, root: row.int(2)? != 0 };
        Ok(User { caller, password: Secret::new(row.text(3)?) })
    };
    store.query(USERS, &[]).await?.iter().map(read).collect()
}

pub(super) async fn any_user(tx: &mut Tx) -> Result<bool> {
    Ok(number(&tx.query(USER_COUNT, &[]).await?)? > 0)
}

pub(super) async fn set_password(tx: &mut Tx, user: &str, password: &Secret) -> Result<()> {
    tx.execute(PASSWORD, &[Arg::Text(text(password)), Arg::Text(user)]).await.map(|_| ())
}

pub(super) async fn key_add(tx: &mut Tx, key: &Key, now: Millis) -> Result<()> {
    let args = [
        Arg::Text(&key.secret_id),
        Arg::Text(text(&key.secret_key)),
        Arg::Text(&key.user),
        Arg::Int(now),
    ];
    tx.execute(KEY_ADD, &args).await.map(|_| ())
}

pub(super) async fn keys(store: &Store) -> Result<Vec<Key>> {
    let read = |row: &Row| {
        Ok(Key {
            secret_id: row.text(0)?.to_owned(),
            secret_key: Secret::new(row.text(1)?),
            user: row.text(2)?.to_owned(),
        })
    };
    store.query(KEYS, &[]).await?.iter().map(read).collect()
}

/// Whether the user still has that password.
pub(super) async fn session_add(
    tx: &mut Tx,
    hash: &str,
    new: &Session,
    password: &Secret,
) -> Result<bool> {
    let password = Arg::Text(text(password));
    let args = [Arg::Text(hash), Arg::Text(&new.user), Arg::Int(new.created), password];
    Ok(tx.execute(SESSION_ADD, &args).await? == 1)
}

pub(super) async fn sessions(store: &Store) -> Result<Vec<(String, Session)>> {
    let read = |row: &Row| {
        let session =
            Session { user: row.text(1)?.to_owned(), created: row.int(2)?, used: row.int(3)? };
        Ok((row.text(0)?.to_owned(), session))
    };
    store.query(SESSIONS, &[]).await?.iter().map(read).collect()
}

pub(super) async fn session_used(tx: &mut Tx, hash: &str, now: Millis) -> Result<()> {
    tx.execute(SESSION_USED, &[Arg::Int(now), Arg::Text(hash)]).await.map(|_| ())
}

pub(super) async fn session_end(tx: &mut Tx, hash: &str) -> Result<()> {
    tx.execute(SESSION_END, &[Arg::Text(hash)]).await.map(|_| ())
}

pub(super) async fn sessions_end(tx: &mut Tx, user: &str) -> Result<()> {
    tx.execute(SESSIONS_END, &[Arg::Text(user)]).await.map(|_| ())
}

/// The secrets of this chapter are texts that we made or checked.
fn text(secret: &Secret) -> &str {
    std::str::from_utf8(secret.expose()).unwrap_or_default()
}
