//! The place where passwords are hashed and checked: argon2id, off the runtime, few at a time.

use argon2::{
    Argon2, PasswordHash, PasswordHasher as _, PasswordVerifier as _, password_hash::SaltString,
};
use base::{Code, Error, Rand, Result, Secret};
use tokio::sync::Semaphore;

/// One hash takes 19 MiB and tens of milliseconds: this many run at once, this many may wait, and
/// who comes then is sent away.
const RUNNING: usize = 2;
const WAITING: usize = 64;

/// The longest password.
const BYTES: usize = 256;

#[derive(Debug)]
pub(super) struct Passwords {
    admitted: Semaphore,
    running: Semaphore,
    /// A hash that no password has: checking it takes as long as checking a real one.
    nobody: Secret,
}

impl Passwords {
    pub(super) fn new() -> Self {
        let nobody = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5\
            $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        Self {
            admitted: Semaphore::new(RUNNING + WAITING),
            running: Semaphore::new(RUNNING),
            nobody: Secret::new(nobody),
        }
    }

    /// The text to keep of a password.
    pub(super) async fn hash(&self, password: &Secret, rand: &Rand) -> Result<Secret> {
        let (password, salt) = (password.clone(), rand.bytes::<16>());
        self.run(move || {
            let salt = SaltString::encode_b64(&salt).map_err(refused)?;
            let hash = Argon2::default().hash_password(password.expose(), &salt);
            Ok(Secret::new(hash.map_err(refused)?.to_string()))
        })
        .await
    }

    /// Whether `password` is the one that was hashed; nobody's is no password, in the same time.
    pub(super) async fn matches(&self, password: &Secret, hash: Option<Secret>) -> Result<bool> {
        let real = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        if password.expose().len() > BYTES {
            return Ok(false);
        }
        let password = password.clone();
        self.run(move || {
            let text = std::str::from_utf8(hash.expose()).map_err(Error::internal)?;
            let hash = PasswordHash::new(text).map_err(refused)?;
            Ok(real && Argon2::default().verify_password(password.expose(), &hash).is_ok())
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let _admitted = self
            .admitted
            .try_acquire()
            .map_err(|_| Error::new(Code::RequestLimitExceeded, "too many logins at once"))?;
        let _turn = self.running.acquire().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
    }
}

fn refused(error: argon2::password_hash::Error) -> Error {
    Error::internal(error.to_string())
}

/// A password that a user chose.
///
/// # Errors
/// It is too short or too long.
pub(super) fn check(password: &Secret, least: usize) -> Result<()> {
    if (least..=BYTES).contains(&password.expose().len()) {
        return Ok(());
    }
    let text = format!("password is not {least} to {BYTES} bytes long");
    Err(Error::new(Code::InvalidParameterValue, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_matches_its_hash() {
        let passwords = Passwords::new();
        let hash = passwords.hash(&Secret::new("correct"), &Rand::seeded(1)).await.unwrap();
        assert!(hash.expose().starts_with(b"$argon2id$"));
        let right = Secret::new("correct");
        assert!(passwords.matches(&right, Some(hash.clone())).await.unwrap());
        assert!(!passwords.matches(&Secret::new("wrong"), Some(hash)).await.unwrap());
        assert!(!passwords.matches(&right, None).await.unwrap());
    }
}
