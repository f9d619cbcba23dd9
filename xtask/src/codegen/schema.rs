//! What the schema files say: actions, objects, fields.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Everything that is known about the wire.
pub(super) struct Schema {
    /// Sorted by name.
    pub actions: Vec<Action>,
    pub objects: BTreeMap<String, Object>,
    /// The versions of the two files: the cloud's and the console's.
    pub versions: [String; 2],
}

pub(super) struct Action {
    pub name: String,
    pub request: String,
    pub response: String,
    /// One of ours, from `console.json`.
    pub console: bool,
    pub chapter: String,
    pub read: bool,
    pub scope: Scope,
}

pub(super) struct Object {
    pub fields: Vec<Field>,
}

pub(super) struct Field {
    pub name: String,
    pub kind: Kind,
    pub required: bool,
    pub nullable: bool,
}

#[derive(Clone)]
pub(super) enum Kind {
    Bool,
    Int,
    Uint,
    Float,
    Text,
    Object(String),
    List(Box<Kind>),
}

/// The request fields that name the resource; a dot goes into an object or each item of a list.
#[derive(Debug, Clone)]
pub(super) enum Scope {
    Account,
    Instance(String),
    Project(String),
    Product(String),
    Device(String, String),
}

#[derive(Deserialize)]
struct Line {
    chapter: String,
    access: String,
    scope: String,
}

impl Schema {
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let mut lines: BTreeMap<String, Line> =
            toml::from_str(&text(&folder.join("actions.toml"))?).context("actions.toml")?;
        let mut schema =
            Self { actions: Vec::new(), objects: BTreeMap::new(), versions: Default::default() };
        for (i, file) in ["iotexplorer-2019-04-23.json", "console.json"].into_iter().enumerate() {
            let value: Value = serde_json::from_str(&text(&folder.join(file))?).context(file)?;
            schema.versions[i] = value["version"].as_str().context("no version")?.to_owned();
            schema.take(&value, i == 1, &mut lines).context(file)?;
        }
        ensure!(lines.is_empty(), "no such action: {:?}", lines.keys());
        schema.actions.sort_by(|a, b| a.name.cmp(&b.name));
        schema.check()?;
        Ok(schema)
    }

    fn take(
        &mut self,
        value: &Value,
        console: bool,
        lines: &mut BTreeMap<String, Line>,
    ) -> Result<()> {
        for (name, pair) in value["actions"].as_object().context("no actions")? {
            let line = lines.remove(name).with_context(|| format!("actions.toml lacks {name}"))?;
            let of = |i: usize| pair[i].as_str().map(str::to_owned).context("bad action");
            self.actions.push(Action {
                name: name.clone(),
                request: of(0)?,
                response: of(1)?,
                console,
                chapter: line.chapter,
                read: match line.access.as_str() {
                    "read" => true,
                    "write" => false,
                    other => bail!("{name}: access {other}"),
                },
                scope: Scope::parse(&line.scope).with_context(|| name.clone())?,
            });
        }
        for (name, fields) in value["objects"].as_object().context("no objects")? {
            let object = object(fields.as_object().context("bad object")?)
                .with_context(|| format!("object {name}"))?;
            let before = self.objects.insert(name.clone(), object);
            ensure!(before.is_none(), "object {name} is defined twice");
        }
        Ok(())
    }

    /// Every name that is used is defined, and a scope names fields that exist.
    fn check(&self) -> Result<()> {
        for (name, object) in &self.objects {
            for field in &object.fields {
                if let Some(used) = field.kind.object() {
                    ensure!(self.objects.contains_key(used), "{name} uses {used}: not defined");
                }
            }
        }
        for action in &self.actions {
            for object in [&action.request, &action.response] {
                ensure!(self.objects.contains_key(object), "{object} is not defined");
            }
            for path in action.scope.paths() {
                ensure!(self.leads(&action.request, path), "{}: no field {path}", action.name);
            }
        }
        Ok(())
    }

    fn leads(&self, object: &str, path: &str) -> bool {
        let (head, rest) = path.split_once('.').map_or((path, None), |(h, r)| (h, Some(r)));
        let Some(field) = self.objects[object].fields.iter().find(|f| f.name == head) else {
            return false;
        };
        match (rest, field.kind.object()) {
            (None, None) => true,
            (Some(rest), Some(inner)) => self.leads(inner, rest),
            _ => false,
        }
    }
}

impl Kind {
    fn parse(text: &str) -> Self {
        if let Some(inner) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
            return Self::List(Box::new(Self::parse(inner)));
        }
        match text {
            "bool" => Self::Bool,
            "int64" => Self::Int,
            "uint64" => Self::Uint,
            "float" => Self::Float,
            "string" | "date" | "datetime_iso" => Self::Text,
            object => Self::Object(object.to_owned()),
        }
    }

    /// The object that it is, or is a list of.
    pub(super) fn object(&self) -> Option<&str> {
        match self {
            Self::Object(name) => Some(name),
            Self::List(inner) => inner.object(),
            _ => None,
        }
    }
}

impl Scope {
    fn parse(text: &str) -> Result<Self> {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        Ok(match (words[0].as_str(), &words[1..]) {
            ("account", []) => Self::Account,
            ("instance", [at]) => Self::Instance(at.clone()),
            ("project", [at]) => Self::Project(at.clone()),
            ("product", [at]) => Self::Product(at.clone()),
            ("device", [product, name]) => Self::Device(product.clone(), name.clone()),
            _ => bail!("scope {text}"),
        })
    }

    fn paths(&self) -> Vec<&str> {
        match self {
            Self::Account => Vec::new(),
            Self::Instance(at) | Self::Project(at) | Self::Product(at) => vec![at],
            Self::Device(product, name) => vec![product, name],
        }
    }
}

fn object(fields: &Map<String, Value>) -> Result<Object> {
    let mut object = Object { fields: Vec::new() };
    for (name, kind) in fields {
        let kind = kind.as_str().with_context(|| format!("field {name}"))?;
        let bare = kind.trim_end_matches(['!', '?']);
        let marks = kind.strip_prefix(bare).unwrap_or_default();
        object.fields.push(Field {
            name: name.clone(),
            kind: Kind::parse(bare),
            required: marks.contains('!'),
            nullable: marks.contains('?'),
        });
    }
    Ok(object)
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}
