//! The place where the words of the account chapter are types.

use std::fmt;

use base::{Millis, Secret, Uin};
use serde::Serialize;

/// Who calls: a user of an account, proved by a signature or a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub uin: Uin,
    /// The user's name.
    pub user: String,
    /// 主账号: may do everything.
    pub root: bool,
}

/// What the environment sets for the first start; what it does not set is random.
#[derive(Debug, Clone, Default)]
pub struct Root {
    pub uin: Option<Uin>,
    pub password: Option<Secret>,
    pub secret_id: Option<String>,
    pub secret_key: Option<Secret>,
}

/// What the first start made; written to one file and printed once.
#[derive(Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FirstLogin {
    pub uin: String,
    pub user_name: String,
    pub password: String,
    pub secret_id: String,
    pub secret_key: String,
    pub public_instance_id: String,
    pub public_project_id: String,
    pub enterprise_instance_id: String,
    pub enterprise_project_id: String,
}

// It carries secrets, so it does not show its fields.
impl fmt::Debug for FirstLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FirstLogin(..)")
    }
}

/// A user as SQL has it.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) caller: Caller,
    /// The argon2id text.
    pub(super) password: Secret,
}

/// A pair that signs calls.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) secret_id: String,
    pub(super) secret_key: Secret,
    pub(super) user: String,
}

/// A session of the console.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) user: String,
    pub(super) created: Millis,
    pub(super) used: Millis,
}

impl Session {
    /// 12 hours after its last use, 7 days after its beginning.
    const IDLE: Millis = 12 * 3_600_000;
    const LONGEST: Millis = 7 * 86_400_000;

    pub(super) fn expired(&self, now: Millis) -> bool {
        now - self.used >= Self::IDLE || now - self.created >= Self::LONGEST
    }
}
