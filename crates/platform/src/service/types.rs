//! The place where the words of the service chapter are types.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize},
    },
};

use base::{Code, Error, InstanceId, Millis, ProductId, Result, Secret, Uin};
use broker::hub::{Sessions, Tenant};
use parking_lot::RwLock;

use super::{connects::Connects, filter};
use crate::wire::clip;

/// How the user name of every service client begins; no device's does.
pub(super) const PREFIX: &str = "svc-";
const ID_CHARS: usize = 10;
/// Characters of a remark.
const REMARK_CHARS: usize = 256;
/// Filters of one entry, each way; and products, if they are named.
const FILTERS: usize = 20;
const PRODUCTS: usize = 100;

/// The user name of a service client: `svc-` and 10 of `[a-z0-9]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Box<str>);

impl Name {
    /// # Errors
    /// The text has not the form of such a name.
    pub fn parse(text: &str) -> Result<Self> {
        let good = text.strip_prefix(PREFIX).is_some_and(|rest| {
            rest.len() == ID_CHARS
                && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
        if good {
            return Ok(Self(text.into()));
        }
        let text = format!("user name {:?} is not one of a service client", clip(text));
        Err(Error::new(Code::InvalidParameterValue, text))
    }

    pub(super) fn new(rand: &base::Rand) -> Self {
        Self(format!("{PREFIX}{}", rand.lower(ID_CHARS)).into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Whose device topics a service client may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All products that the instance has or will have.
    All,
    Only(Vec<ProductId>),
}

/// The wire's and the table's word for [`Scope::All`].
const ALL: &str = "*";

impl Scope {
    /// # Errors
    /// There is none, there are too many, or one is not a product's id.
    pub fn parse<T: AsRef<str>>(products: &[T]) -> Result<Self> {
        let bad = |text: String| Error::new(Code::InvalidParameterValue, text);
        match products {
            [one] if one.as_ref() == ALL => Ok(Self::All),
            // A list that is empty by mistake must not mean everything.
            [] => Err(bad(format!("products are empty: name some, or {ALL:?} for all"))),
            many if many.len() > PRODUCTS => {
                Err(bad(format!("{} products are more than {PRODUCTS}", many.len())))
            }
            some => {
                let ids = some.iter().map(|id| ProductId::parse(id.as_ref()));
                Ok(Self::Only(ids.collect::<Result<_>>()?))
            }
        }
    }

    /// The products' names, or the word for all.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::All => vec![ALL.to_owned()],
            Self::Only(ids) => ids.iter().map(ToString::to_string).collect(),
        }
    }

    pub(super) fn has(&self, product: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(ids) => ids.iter().any(|id| id.as_str() == product),
        }
    }
}

/// Filters of topics that a service client may use in one direction; none: it may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filters(Vec<Box<str>>);

impl Filters {
    /// Everything that is not refused anyway.
    #[must_use]
    pub fn all() -> Self {
        Self(vec!["#".into()])
    }

    /// # Errors
    /// There are too many, or one is not a filter or can never be used.
    pub fn publish<T: AsRef<str>>(filters: &[T]) -> Result<Self> {
        Self::parse(filters, |filter| !filter.starts_with('$'))
    }

    /// # Errors
    /// There are too many, or one is not a filter or can never be used.
    pub fn subscribe<T: AsRef<str>>(filters: &[T]) -> Result<Self> {
        Self::parse(filters, |filter| !filter.starts_with('$') || filter::reported(filter))
    }

    fn parse<T: AsRef<str>>(filters: &[T], usable: fn(&str) -> bool) -> Result<Self> {
        let bad = |text: String| Error::new(Code::InvalidParameterValue, text);
        if filters.len() > FILTERS {
            return Err(bad(format!("{} filters are more than {FILTERS}", filters.len())));
        }
        let mut all = Vec::with_capacity(filters.len());
        for given in filters {
            let text = given.as_ref();
            if !filter::valid(text) {
                return Err(bad(format!("filter {:?} is not valid", clip(text))));
            }
            if !usable(text) {
                let text = format!("filter {:?} is of no topic that may be used", clip(text));
                return Err(bad(text));
            }
            all.push(text.into());
        }
        Ok(Self(all))
    }

    /// As the table has them.
    pub(super) fn of_lines(text: &str) -> Self {
        Self(text.lines().map(Into::into).collect())
    }

    pub(super) fn lines(&self) -> String {
        self.0.join("\n")
    }

    /// The filters.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    /// Whether one of them has all that `topic`, a topic or a filter, stands for.
    pub(super) fn cover(&self, topic: &str) -> bool {
        self.0.iter().any(|wide| filter::covers(wide, topic))
    }
}

/// 备注.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remark(String);

impl Remark {
    /// # Errors
    /// The text is too long.
    pub fn parse(text: String) -> Result<Self> {
        let chars = text.chars().count();
        if chars > REMARK_CHARS || text.contains('\0') {
            let text = format!("remark of {chars} characters is not {REMARK_CHARS} at most");
            return Err(Error::new(Code::InvalidParameterValue, text));
        }
        Ok(Self(text))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a service client may do, and what is said of it.
#[derive(Debug, Clone)]
pub struct Draft {
    pub remark: Remark,
    pub products: Scope,
    pub publish: Filters,
    pub subscribe: Filters,
}

/// What is to be changed; what is not given stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub remark: Option<Remark>,
    pub products: Option<Scope>,
    pub publish: Option<Filters>,
    pub subscribe: Option<Filters>,
    pub enabled: Option<bool>,
}

/// A service client as SQL has it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub name: Name,
    pub uin: Uin,
    pub instance: InstanceId,
    pub what: Draft,
    pub enabled: bool,
    pub created: Millis,
    /// Hex of the token's SHA-256.
    pub(super) token: Secret,
}

/// An entry and what happens to it, in memory.
pub(crate) struct Known {
    /// `None`: deleted. Those who are connected look here.
    pub(super) entry: RwLock<Option<Arc<Entry>>>,
    pub(super) tenant: Arc<Tenant>,
    /// The last connection; 0: never. And when that was written down.
    pub(super) connected: AtomicI64,
    pub(super) noted: AtomicI64,
    pub(super) online: AtomicUsize,
    pub(super) connects: Connects,
    /// Its sessions that outlive their connections; `None`: no limit.
    pub(super) sessions: Option<Sessions>,
}

/// A service client for those who list them.
#[derive(Debug, Clone)]
pub struct Listed {
    pub entry: Arc<Entry>,
    pub connected: Option<Millis>,
    pub online: usize,
}

/// A service client behind a connection; the broker carries it as [`broker::hub::Grant`]'s data.
pub(crate) struct ServiceSession(pub(super) Arc<Known>);
