//! The place where the words of the product chapter are types.

use base::{Code, Error, InstanceId, Millis, ProductId, ProjectId, Result, Uin};

use crate::wire::{Page, clip};

/// A product: devices of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    pub id: ProductId,
    pub uin: Uin,
    pub project: ProjectId,
    pub instance: InstanceId,
    pub name: String,
    pub category: i64,
    /// 网关产品, or else 普通产品.
    pub gateway: bool,
    /// 连接类型, as `wifi`.
    pub net: String,
    pub protocol: Protocol,
    pub authentication: Authentication,
    pub description: String,
    pub state: State,
    pub module: i64,
    /// Whether binary payloads go through the product's script.
    pub script: bool,
    /// 绑定策略: 0 none, 1 the new user takes the device, 2 not.
    pub bind: i64,
    pub rate: String,
    pub period: String,
    /// The user name of who made it.
    pub creator: String,
    pub created: Millis,
    pub updated: Millis,
}

/// 数据协议.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// 物模型
    ThingModel,
    /// 自定义透传
    Raw,
}

impl Protocol {
    /// The number of the cloud API.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::ThingModel => 1,
            Self::Raw => 2,
        }
    }

    pub(super) fn parse(number: i64) -> Result<Self> {
        match number {
            1 => Ok(Self::ThingModel),
            2 => Ok(Self::Raw),
            other => Err(bad(format!("data protocol {other} is neither 1 nor 2"))),
        }
    }
}

/// 认证方式: how its devices prove themselves; for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// 密钥认证
    Key,
    /// 证书认证, by the account's authority of that name; "" is the platform's own.
    Certificate(String),
}

impl Authentication {
    /// The number of the cloud API.
    #[must_use]
    pub fn number(&self) -> i64 {
        match self {
            Self::Certificate(_) => 1,
            Self::Key => 2,
        }
    }

    /// The name of the authority, "" where there is none.
    #[must_use]
    pub fn authority(&self) -> &str {
        match self {
            Self::Certificate(name) => name,
            Self::Key => "",
        }
    }

    pub(super) fn parse(number: &str, authority: String) -> Result<Self> {
        match number {
            "1" => Ok(Self::Certificate(authority)),
            "2" => Ok(Self::Key),
            other => Err(bad(format!("encryption type {:?} is neither 1 nor 2", clip(other)))),
        }
    }
}

/// 开发中、审核中、已发布: only what is being developed may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Dev,
    Audit,
    Released,
}

impl State {
    /// The word of the cloud API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Audit => "audit",
            Self::Released => "released",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        [Self::Dev, Self::Audit, Self::Released]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| {
                let text = format!("dev status {:?} is not dev, audit or released", clip(text));
                Error::new(Code::InvalidParameterValue, text)
            })
    }

    /// A filter of lists, where `all` and nothing mean any.
    pub(super) fn filter(text: Option<&str>) -> Result<Option<Self>> {
        match text {
            None | Some("" | "all") => Ok(None),
            Some(text) => Self::parse(text).map(Some),
        }
    }
}

/// What a new product is made of.
#[derive(Debug, Clone)]
pub struct Draft {
    pub project: ProjectId,
    pub name: Name,
    pub category: i64,
    pub gateway: bool,
    pub net: &'static str,
    pub protocol: Protocol,
    pub authentication: Authentication,
    pub description: Description,
    pub rate: String,
    pub period: String,
}

/// What may be changed of a product.
#[derive(Debug, Clone)]
pub struct Change {
    pub name: Name,
    pub description: Description,
    pub module: i64,
    pub script: Option<bool>,
    pub bind: Option<i64>,
}

/// A product's name. The manual allows letters of any script, digits and `_`, the API adds `:` and
/// `-` and 32 characters: what either allows is a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

const NAME_CHARS: usize = 32;

impl Name {
    pub(super) fn parse(text: String) -> Result<Self> {
        let valid = (1..=NAME_CHARS).contains(&text.chars().count())
            && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '-'));
        if valid {
            return Ok(Self(text));
        }
        let shown = clip(&text);
        Err(bad(format!(
            "product name {shown:?} is not 1 to {NAME_CHARS} letters, digits, '_', ':' or '-'"
        )))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 描述: at most 80 characters, says the manual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description(String);

const DESCRIPTION_CHARS: usize = 80;

impl Description {
    pub(super) fn parse(text: String) -> Result<Self> {
        let chars = text.chars().count();
        if chars <= DESCRIPTION_CHARS && !text.contains('\0') {
            return Ok(Self(text));
        }
        Err(bad(format!("product description of {chars} characters is over {DESCRIPTION_CHARS}")))
    }

    /// The description as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 连接类型 of the cloud API; `sub_` ones are of devices behind a gateway.
const NETS: [&str; 14] = [
    "wifi",
    "wifi-ble",
    "cellular",
    "5g",
    "lorawan",
    "ble",
    "ethernet",
    "wifi-ethernet",
    "else",
    "sub_zigbee",
    "sub_ble",
    "sub_433mhz",
    "sub_else",
    "sub_blemesh",
];

pub(super) fn net(text: &str) -> Result<&'static str> {
    let known = NETS.into_iter().find(|net| *net == text);
    known.ok_or_else(|| bad(format!("net type {:?} is not known", clip(text))))
}

pub(super) fn bad(text: String) -> Error {
    Error::new(Code::InvalidParameterValueProductParmsError, text)
}

/// Which products a list shows.
#[derive(Debug, Clone, Default)]
pub struct Search {
    pub project: Option<ProjectId>,
    pub product: Option<ProductId>,
    /// Part of the name, in any case.
    pub name: Option<String>,
    pub state: Option<State>,
    pub category: Option<i64>,
    pub gateway: Option<bool>,
    pub net: Option<&'static str>,
    pub protocol: Option<Protocol>,
    pub page: Page,
}

/// A thing model as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The user's text, its profile filled in.
    pub text: String,
    /// The category's standard model as it was when the product was made; empty without one.
    pub category_model: String,
    pub created: Millis,
    pub updated: Millis,
}
