//! 项目: the place where projects are made, changed, listed and deleted.

pub(crate) mod actions;
pub mod tables;
#[cfg(test)]
mod tests;
mod types;

use base::{Code, Error, InstanceId, OrCode, ProjectId, Rand, Result};
use store::Tx;

pub use types::{Project, Search};

use crate::{Cx, Services, instance, product, wire::clip};

/// Characters of a name and of a description.
const NAME_CHARS: usize = 64;
const DESCRIPTION_CHARS: usize = 255;

/// A fresh id.
pub(crate) fn new_id(rand: &Rand) -> Result<ProjectId> {
    ProjectId::parse(&format!("prj-{}", rand.lower(8)))
}

/// Adds a project in a transaction of the caller.
///
/// # Errors
/// Its name is taken in its instance.
pub(crate) async fn insert(tx: &mut Tx, new: &Project) -> Result<()> {
    if tables::insert(tx, new).await? {
        return Ok(());
    }
    Err(taken(&new.name))
}

fn taken(name: &str) -> Error {
    let text = format!("project name {:?} is taken", clip(name));
    Error::new(Code::UnsupportedOperationProjectDupKeyExist, text)
}

/// Makes a project; without an instance, in the enterprise instance.
///
/// # Errors
/// A text is not allowed, the name is taken, or the account has its fill of projects.
pub async fn create(
    cx: &Cx,
    instance: Option<&InstanceId>,
    name: &str,
    description: &str,
) -> Result<Project> {
    check(name, description)?;
    let instance = match instance {
        Some(id) => instance::get(cx, id).await?.id,
        None => instance::default(cx).await?.id,
    };
    let (id, now) = (new_id(&cx.rand)?, cx.clock.now());
    let (name, description) = (name.to_owned(), description.to_owned());
    let new = Project { id, uin: cx.uin, instance, name, description, created: now, updated: now };
    let mut tx = cx.store.begin().await?;
    tx.lock(cx.uin).await?;
    let count = tables::count_of_uin(&mut tx, cx.uin).await?;
    if count >= u64::from(cx.settings.projects) {
        let full = format!("account has {count} projects already");
        return Err(Error::new(Code::LimitExceededProjectExceedLimit, full));
    }
    insert(&mut tx, &new).await?;
    tx.commit().await?;
    Ok(new)
}

/// Names may be of any script; what a terminal would obey is not text.
fn check(name: &str, description: &str) -> Result<()> {
    let bad = |text: String| Err(Error::new(Code::InvalidParameterValueProjectParmsError, text));
    if name.trim().is_empty() || name.chars().count() > NAME_CHARS || has_control(name) {
        let (name, most) = (clip(name), NAME_CHARS);
        return bad(format!("project name {name:?} is not 1 to {most} printable characters"));
    }
    if description.chars().count() > DESCRIPTION_CHARS || description.contains('\0') {
        return bad(format!("project description is not at most {DESCRIPTION_CHARS} characters"));
    }
    Ok(())
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

/// A project of the caller's account.
///
/// # Errors
/// It does not exist for this account.
pub async fn get(cx: &Cx, id: &ProjectId) -> Result<Project> {
    tables::find(&cx.store, id, cx.uin)
        .await?
        .or_code(Code::ResourceNotFoundProjectNotExist, || missing(id))
}

/// A project of the caller's account, in a transaction of the caller.
///
/// # Errors
/// It does not exist for this account.
pub(crate) async fn get_in(cx: &Cx, tx: &mut Tx, id: &ProjectId) -> Result<Project> {
    tables::find_in(tx, id, cx.uin)
        .await?
        .or_code(Code::ResourceNotFoundProjectNotExist, || missing(id))
}

fn missing(id: &ProjectId) -> String {
    format!("project {id} does not exist")
}

/// Changes name and description.
///
/// # Errors
/// The project does not exist, a text is not allowed, or the name is taken.
pub async fn modify(cx: &Cx, id: &ProjectId, name: &str, description: &str) -> Result<Project> {
    check(name, description)?;
    let mut tx = cx.store.begin().await?;
    tx.lock(cx.uin).await?;
    let before = get_in(cx, &mut tx, id).await?;
    if tables::name_taken(&mut tx, &before, name).await? {
        return Err(taken(name));
    }
    let updated = cx.clock.now();
    tables::update(&mut tx, id, name, description, updated).await?;
    tx.commit().await?;
    Ok(Project { name: name.to_owned(), description: description.to_owned(), updated, ..before })
}

/// Deletes an empty project.
///
/// # Errors
/// It does not exist, has products, or is the default project of its instance.
pub async fn delete(cx: &Cx, id: &ProjectId) -> Result<()> {
    let defaults = instance::all(cx).await?;
    let mut tx = cx.store.begin().await?;
    tx.lock(cx.uin).await?;
    get_in(cx, &mut tx, id).await?;
    if defaults.iter().any(|instance| instance.default_project == *id) {
        let text = format!("project {id} is the default project of its instance");
        return Err(Error::new(Code::UnsupportedOperation, text));
    }
    if product::exists_under(&mut tx, id).await? {
        let text = format!("project {id} has products");
        return Err(Error::new(Code::UnsupportedOperationProductExistUnderProject, text));
    }
    tables::delete(&mut tx, id).await?;
    tx.commit().await
}

/// A page of projects, the enterprise default project first, and how many there are in all.
///
/// # Errors
/// The instance that is named does not exist for this account.
pub async fn list(cx: &Cx, search: &Search) -> Result<(Vec<Project>, u64)> {
    let first = instance::default(cx).await?.default_project;
    if let Some(id) = &search.instance {
        instance::get(cx, id).await?;
    }
    let Some(product) = &search.product else {
        return tables::list(&cx.store, cx.uin, search, &first).await;
    };
    let Some(of) = product::own(cx, product).map(|product| product.project) else {
        return Ok((Vec::new(), 0));
    };
    if search.project.as_ref().is_some_and(|named| *named != of) {
        return Ok((Vec::new(), 0));
    }
    let search = Search { project: Some(of), ..search.clone() };
    tables::list(&cx.store, cx.uin, &search, &first).await
}

/// How many projects an instance has.
///
/// # Errors
/// The store failed.
pub(crate) async fn count(services: &Services, instance: &InstanceId) -> Result<u64> {
    tables::count_of_instance(&services.store, instance).await
}
