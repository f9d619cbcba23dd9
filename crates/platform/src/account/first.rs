//! The place where the first start makes the root account, its instances and their projects.

use std::sync::Arc;

use base::{Code, Error, InstanceId, Result, Secret, Uin};
use store::Tx;

use super::{
    Caller, FirstLogin, Root, password, tables,
    types::{Key, User},
};
use crate::{
    Services,
    instance::{self, Instance, Kind},
    project::{self, Project},
};

/// The root account's login name.
const ROOT: &str = "root";
/// What the public instance may activate at first (interface.md).
const ACTIVATION_CODES: u64 = 100;

/// Makes everything in one transaction, unless there is an account already. `keep` writes the login
/// down before the commit: a login that nobody knows would make the account useless.
///
/// # Errors
/// A given value is not valid, `keep` failed, or the store failed.
pub(crate) async fn first_start(
    services: &Arc<Services>,
    root: Root,
    keep: impl FnOnce(&FirstLogin) -> Result<()>,
) -> Result<Option<FirstLogin>> {
    let mut tx = services.store.begin().await?;
    if tables::any_user(&mut tx).await? {
        return Ok(None);
    }
    let chosen = Chosen::of(services, root)?;
    let password = services.accounts.passwords.hash(&chosen.password, &services.rand).await?;
    let caller = Caller { uin: chosen.uin, user: ROOT.into(), root: true };
    let now = services.clock.now();
    tables::user_add(&mut tx, &User { caller, password }, now).await?;
    let (secret_id, secret_key) = (chosen.secret_id, chosen.secret_key);
    let key = Key { secret_id, secret_key, user: ROOT.into() };
    tables::key_add(&mut tx, &key, now).await?;
    let public = make(services, &mut tx, chosen.uin, Kind::Public).await?;
    let enterprise = make(services, &mut tx, chosen.uin, Kind::Enterprise).await?;
    let login = FirstLogin {
        uin: chosen.uin.to_string(),
        user_name: ROOT.into(),
        password: text(&chosen.password),
        secret_id: key.secret_id.clone(),
        secret_key: text(&key.secret_key),
        public_instance_id: public.id.to_string(),
        public_project_id: public.default_project.to_string(),
        enterprise_instance_id: enterprise.id.to_string(),
        enterprise_project_id: enterprise.default_project.to_string(),
    };
    keep(&login)?;
    tx.commit().await?;
    services.accounts.reload(&services.store).await?;
    Ok(Some(login))
}

/// The environment's values, checked, and random ones for the rest.
struct Chosen {
    uin: Uin,
    password: Secret,
    secret_id: String,
    secret_key: Secret,
}

impl Chosen {
    fn of(services: &Services, root: Root) -> Result<Self> {
        let rand = &services.rand;
        let uin = match root.uin {
            Some(uin) => uin,
            None => Uin(rand.digits(12).parse().map_err(Error::internal)?),
        };
        let chosen = Self {
            uin,
            password: root.password.unwrap_or_else(|| Secret::new(rand.alphanumeric(20))),
            secret_id: root.secret_id.unwrap_or_else(|| format!("AKID{}", rand.alphanumeric(32))),
            secret_key: root.secret_key.unwrap_or_else(|| Secret::new(rand.alphanumeric(32))),
        };
        chosen.check()?;
        Ok(chosen)
    }

    fn check(&self) -> Result<()> {
        let bad = |text: &'static str| Err(Error::new(Code::InvalidParameterValue, text));
        if !(100_000_000_000..=999_999_999_999).contains(&self.uin.0) {
            return bad("uin of the root account is not 12 digits");
        }
        if !plain(self.secret_id.as_bytes(), 8) {
            return bad("secret id of the root account is not 8 to 128 letters and digits");
        }
        if !plain(self.secret_key.expose(), 8) {
            return bad("secret key of the root account is not 8 to 128 letters and digits");
        }
        if std::str::from_utf8(self.password.expose()).is_err() {
            return bad("password of the root account is not utf-8");
        }
        // Who sets it in the environment knows how strong it has to be.
        password::check(&self.password, 1)
    }
}

fn plain(text: &[u8], least: usize) -> bool {
    (least..=128).contains(&text.len()) && text.iter().all(u8::is_ascii_alphanumeric)
}

/// An instance with its default project.
async fn make(services: &Services, tx: &mut Tx, uin: Uin, kind: Kind) -> Result<Instance> {
    let (rand, now) = (&services.rand, services.clock.now());
    let made = Instance {
        id: InstanceId::parse(&format!("ins-{}", rand.lower(10)))?,
        uin,
        kind,
        description: String::new(),
        default_project: project::new_id(rand)?,
        activation_codes: if kind == Kind::Public { ACTIVATION_CODES } else { 0 },
        created: now,
        updated: now,
    };
    instance::insert(tx, &made).await?;
    let default = Project {
        id: made.default_project.clone(),
        uin,
        instance: made.id.clone(),
        name: "default".into(),
        description: String::new(),
        created: now,
        updated: now,
    };
    project::insert(tx, &default).await?;
    Ok(made)
}

fn text(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).into_owned()
}
