//! 子账号、登录: the place where it is known who there is: users, their keys and their sessions.

pub(crate) mod actions;
mod attempts;
mod first;
mod password;
mod sessions;
pub mod tables;
#[cfg(test)]
mod tests;
mod types;

use std::{
    collections::HashMap,
    fmt,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use base::{Clock, Code, Error, Millis, Result, Secret};
use parking_lot::{Mutex, RwLock};
use store::Store;

pub(crate) use first::first_start;
pub use types::{Caller, FirstLogin, Root};

use crate::{Cx, Services};
use attempts::Attempts;
use password::Passwords;
use sessions::{Sessions, hash};
use types::{Key, Session, User};

/// The shortest password that a user may choose.
const PASSWORD_BYTES: usize = 8;

/// All users, keys and sessions, in memory.
pub(crate) struct Accounts {
    users: RwLock<HashMap<String, User>>,
    keys: RwLock<HashMap<String, Key>>,
    sessions: Mutex<Sessions>,
    attempts: Mutex<Attempts>,
    passwords: Passwords,
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Accounts({} users)", self.users.read().len())
    }
}

impl Accounts {
    pub(crate) async fn load(store: &Store, clock: &Clock) -> Result<Self> {
        let mut sessions = Sessions::default();
        for (hash, session) in tables::sessions(store).await? {
            if !session.expired(clock.now()) {
                sessions.add(hash, session);
            }
        }
        let accounts = Self {
            users: RwLock::default(),
            keys: RwLock::default(),
            sessions: Mutex::new(sessions),
            attempts: Mutex::default(),
            passwords: Passwords::new(),
        };
        accounts.reload(store).await?;
        Ok(accounts)
    }

    /// Reads users and keys again after they changed.
    async fn reload(&self, store: &Store) -> Result<()> {
        let users = tables::users(store).await?;
        let keys = tables::keys(store).await?;
        *self.users.write() = users.into_iter().map(|u| (u.caller.user.clone(), u)).collect();
        *self.keys.write() = keys.into_iter().map(|k| (k.secret_id.clone(), k)).collect();
        Ok(())
    }

    fn user(&self, name: &str) -> Option<User> {
        self.users.read().get(name).cloned()
    }

    fn caller(&self, name: &str) -> Option<Caller> {
        self.users.read().get(name).map(|user| user.caller.clone())
    }
}

/// Whose key this is, and the key that signs; from memory.
#[must_use]
pub fn key(services: &Services, secret_id: &str) -> Option<(Caller, Secret)> {
    let key = services.accounts.keys.read().get(secret_id).cloned()?;
    Some((services.accounts.caller(&key.user)?, key.secret_key))
}

/// Begins a session of the console; its token is known to nobody else. What is begun goes on to its
/// end, even if who wants in has gone.
///
/// # Errors
/// User name or password is wrong, or there were too many wrong logins.
pub async fn login(
    services: &Arc<Services>,
    user: String,
    password: Secret,
    peer: IpAddr,
) -> Result<(String, Caller)> {
    let all = services.clone();
    let whole = async move {
        let proved = prove(&all, &user, &password, peer).await.inspect_err(|_| {
            metrics::counter!(crate::metrics::LOGINS_REFUSED).increment(1);
        })?;
        begin(&all, proved).await
    };
    services.calls.spawn(whole).await.map_err(Error::internal)?
}

/// Adds a session for who was proved, unless the password has changed since.
async fn begin(services: &Services, proved: User) -> Result<(String, Caller)> {
    tidy(services).await?;
    let User { caller, password } = proved;
    let (token, now) = (hex::encode(services.rand.bytes::<32>()), services.clock.now());
    let session = Session { user: caller.user.clone(), created: now, used: now };
    let hash = hash(&token);
    let mut tx = services.store.begin().await?;
    tx.lock(caller.uin).await?;
    if !tables::session_add(&mut tx, &hash, &session, &password).await? {
        return Err(wrong());
    }
    tx.commit().await?;
    let gone = services.accounts.sessions.lock().add(hash.clone(), session);
    if let Some(gone) = gone {
        end(services, &gone).await?;
    }
    // Who changes a password ends the sessions in memory after all see the new password: a session
    // that came too late for that sees it here.
    if services.accounts.user(&caller.user).is_none_or(|user| user.password != password) {
        services.accounts.sessions.lock().end(&hash);
        return Err(wrong());
    }
    Ok((token, caller))
}

fn wrong() -> Error {
    Error::new(Code::AuthFailure, "user name or password is wrong")
}

async fn prove(services: &Services, user: &str, password: &Secret, peer: IpAddr) -> Result<User> {
    let accounts = &services.accounts;
    accounts.attempts.lock().begin(peer, user, services.clock.now())?;
    let known = accounts.user(user);
    let kept = known.as_ref().map(|user| user.password.clone());
    let right = accounts.passwords.matches(password, kept).await?;
    match known.filter(|_| right) {
        Some(known) => {
            accounts.attempts.lock().right(peer, user);
            Ok(known)
        }
        None => Err(wrong()),
    }
}

/// Whose session this token is of; from memory. The session is used by this.
#[must_use]
pub fn session(services: &Services, token: &str) -> Option<Caller> {
    let user = services.accounts.sessions.lock().user(&hash(token), services.clock.now())?;
    services.accounts.caller(&user)
}

/// The same, without using the session.
#[must_use]
pub fn peek(services: &Services, token: &str) -> Option<Caller> {
    let user = services.accounts.sessions.lock().peek(&hash(token), services.clock.now())?;
    services.accounts.caller(&user)
}

/// Ends a session; a token of none is as good.
///
/// # Errors
/// The store failed.
pub async fn logout(services: &Arc<Services>, token: &str) -> Result<()> {
    let (all, hash) = (services.clone(), hash(token));
    let whole = async move {
        all.accounts.sessions.lock().end(&hash);
        end(&all, &hash).await
    };
    services.calls.spawn(whole).await.map_err(Error::internal)?
}

async fn end(services: &Services, hash: &str) -> Result<()> {
    let mut tx = services.store.begin().await?;
    tables::session_end(&mut tx, hash).await?;
    tx.commit().await
}

/// Forgets expired sessions and notes when the others were used.
async fn tidy(services: &Services) -> Result<()> {
    let (ended, used) = services.accounts.sessions.lock().tidy(services.clock.now());
    if ended.is_empty() && used.is_empty() {
        return Ok(());
    }
    let mut tx = services.store.begin().await?;
    for hash in &ended {
        tables::session_end(&mut tx, hash).await?;
    }
    for (hash, at) in &used {
        tables::session_used(&mut tx, hash, *at).await?;
    }
    tx.commit().await
}

/// Removes the sessions that expired while the server was off; runs at start.
///
/// # Errors
/// The store failed.
pub(crate) async fn sweep(services: &Services) -> Result<()> {
    let now: Millis = services.clock.now();
    let mut tx = services.store.begin().await?;
    for (hash, session) in tables::sessions(&services.store).await? {
        if session.expired(now) {
            tables::session_end(&mut tx, &hash).await?;
        }
    }
    tx.commit().await
}

/// Changes the caller's password and ends all sessions of the user.
///
/// # Errors
/// The old password is wrong, or the new one is too short.
pub(crate) async fn set_password(cx: &Cx, old: &Secret, new: &Secret) -> Result<()> {
    password::check(new, PASSWORD_BYTES)?;
    let nowhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    prove(cx, &cx.user, old, nowhere).await.map_err(|error| match error.code() {
        Code::AuthFailure => Error::new(Code::AuthFailure, "old password is wrong"),
        _ => error,
    })?;
    let hash = cx.accounts.passwords.hash(new, &cx.rand).await?;
    let mut tx = cx.store.begin().await?;
    tx.lock(cx.uin).await?;
    tables::set_password(&mut tx, &cx.user, &hash).await?;
    tables::sessions_end(&mut tx, &cx.user).await?;
    tx.commit().await?;
    // First the new password, then the end of what the old one opened.
    let reloaded = cx.accounts.reload(&cx.store).await;
    cx.accounts.sessions.lock().end_all_of(&cx.user);
    reloaded
}
