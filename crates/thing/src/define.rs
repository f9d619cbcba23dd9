//! The place where a thing model's text (物模型 JSON) is validated and compiled.
//!
//! Keys that we do not know are tolerated: the stored text is the user's. Numbers may be written
//! as strings, as the console of the original does. Bounds that are left out mean "any".

use base::Code;
use serde_json::Value;

use crate::{
    ACTIONS, Action, Event, EventKind, FEATURES, Field, Fields, ID_CHARS, MODEL_BYTES, Mode, Model,
    PARAMS, STRING_CHARS, Type, check::short, json,
};

/// A string value may be declared this long: nothing longer fits into a message.
const STRING_MAX: i64 = 65_536;
const NAME_CHARS: usize = 256;
const MEMBERS: usize = 1_000;
const TYPE_DEPTH: u32 = 3;

/// What sort of mistake a definition has: each has its own code on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Not JSON, or a part of the wrong shape.
    Invalid,
    /// Too many features.
    TooMany,
    /// An id that is used twice in the product.
    DuplicateId,
    /// An unknown or misplaced data type.
    Type,
    /// A bool without texts for 0 and 1.
    BoolMapping,
    /// An enum without a mapping, or with a bad one.
    EnumMapping,
    /// Bounds that are no numbers, or crossed.
    Range,
    /// Bounds that no value can reach.
    RangeOverflow,
    /// Neither info nor alert nor fault.
    EventType,
    /// A parameter given twice in an event.
    EventParamTwice,
    /// Too many parameters.
    EventParams,
}

/// Why a text is no thing model, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {why}")]
pub struct ModelError {
    /// As `properties[2].define.max`.
    pub path: String,
    /// What is wrong, naming the value.
    pub why: String,
    /// The sort of mistake.
    pub problem: Problem,
}

impl ModelError {
    /// The code of the cloud API.
    #[must_use]
    pub fn code(&self) -> Code {
        match self.problem {
            Problem::Invalid => Code::InvalidParameterValueModelDefineInvalid,
            Problem::TooMany => Code::LimitExceededThingModelExceedLimit,
            Problem::DuplicateId => Code::InvalidParameterValueModelDefineDupID,
            Problem::Type => Code::InvalidParameterValueModelDefineErrorType,
            Problem::BoolMapping => Code::InvalidParameterValueModelDefinePropBoolMappingError,
            Problem::EnumMapping => Code::InvalidParameterValueModelDefinePropEnumMappingError,
            Problem::Range => Code::InvalidParameterValueModelDefinePropRangeError,
            Problem::RangeOverflow => Code::InvalidParameterValueModelDefinePropRangeOverflow,
            Problem::EventType => Code::InvalidParameterValueModelDefineEventTypeError,
            Problem::EventParamTwice => Code::InvalidParameterValueModelDefineEventParamsDupID,
            Problem::EventParams => Code::InvalidParameterValueModelDefineEventParamsExceedLimit,
        }
    }
}

type Result<T> = std::result::Result<T, ModelError>;

/// A part of the definition with the way to it.
#[derive(Clone)]
struct Node<'a> {
    path: String,
    value: Option<&'a Value>,
}

impl<'a> Node<'a> {
    fn get(&self, key: &str) -> Self {
        let path = if self.path.is_empty() { key.into() } else { format!("{}.{key}", self.path) };
        Self { path, value: self.value.and_then(|value| value.get(key)) }
    }

    fn error<T>(&self, problem: Problem, why: impl Into<String>) -> Result<T> {
        let path = if self.path.is_empty() { "model".into() } else { self.path.clone() };
        Err(ModelError { path, why: why.into(), problem })
    }

    fn shown(&self) -> String {
        self.value.map_or_else(|| "nothing".into(), |value| short(&value.to_string()).into())
    }

    /// The members of a list; none if it is left out.
    fn list(&self, max: usize, problem: Problem) -> Result<Vec<Self>> {
        let list = match self.value {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(list)) => list,
            Some(_) => return self.error(Problem::Invalid, "must be a list"),
        };
        if list.len() > max {
            return self.error(problem, format!("{} entries, allowed are {max}", list.len()));
        }
        let node = |(n, value)| Node { path: format!("{}[{n}]", self.path), value: Some(value) };
        Ok(list.iter().enumerate().map(node).collect())
    }

    fn object(&self) -> Result<()> {
        match self.value {
            Some(Value::Object(_)) => Ok(()),
            _ => self.error(Problem::Invalid, format!("{} is not an object", self.shown())),
        }
    }

    fn str(&self) -> Result<&'a str> {
        match self.value {
            Some(Value::String(text)) => Ok(text),
            _ => self.error(Problem::Invalid, format!("{} is not a string", self.shown())),
        }
    }

    /// A number, perhaps in quotes; `None` if left out or empty.
    fn number(&self) -> Result<Option<f64>> {
        let n = match self.value {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => decimal(text),
            Some(Value::Number(n)) => n.as_f64(),
            Some(_) => None,
        };
        match n {
            Some(n) if n.is_finite() => Ok(Some(n)),
            Some(_) => self.error(Problem::RangeOverflow, format!("{} is too big", self.shown())),
            None => self.error(Problem::Range, format!("{} is not a number", self.shown())),
        }
    }

    /// A whole number, perhaps in quotes.
    fn integer(&self, default: i64) -> Result<i64> {
        if let Some(Value::String(text)) = self.value
            && let Ok(n) = text.parse()
        {
            return Ok(n);
        }
        if let Some(n) = self.value.and_then(Value::as_i64) {
            return Ok(n);
        }
        match self.number()? {
            None => Ok(default),
            Some(n) => match json::whole(n) {
                Some(n) => Ok(n),
                None if n.fract() == 0.0 => {
                    self.error(Problem::RangeOverflow, format!("{} is too big", self.shown()))
                }
                None => {
                    self.error(Problem::Range, format!("{} is not a whole number", self.shown()))
                }
            },
        }
    }
}

/// Like JSON's numbers, without `inf`, `NaN` and the like.
fn decimal(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    plain.then(|| text.parse().ok()).flatten()
}

pub(crate) fn parse(text: &str) -> Result<Model> {
    let root = Node { path: String::new(), value: None };
    if text.len() > MODEL_BYTES {
        let why = format!("{} bytes, allowed are {MODEL_BYTES}", text.len());
        return root.error(Problem::TooMany, why);
    }
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => return root.error(Problem::Invalid, format!("not valid JSON: {error}")),
    };
    let root = Node { path: String::new(), value: Some(&value) };
    root.object()?;
    head(&root)?;
    let properties = root.get("properties").list(FEATURES, Problem::TooMany)?;
    let events = root.get("events").list(FEATURES, Problem::TooMany)?;
    let actions = root.get("actions").list(ACTIONS, Problem::TooMany)?;
    let features = properties.len() + events.len();
    if features > FEATURES {
        let why = format!("{features} properties and events, allowed are {FEATURES}");
        return root.error(Problem::TooMany, why);
    }
    unique(properties.iter().chain(&events).chain(&actions), Problem::DuplicateId)?;
    Ok(Model {
        modes: properties.iter().map(mode).collect::<Result<_>>()?,
        properties: Fields::new(properties.iter().map(field).collect::<Result<_>>()?),
        events: events.iter().map(event).collect::<Result<_>>()?,
        actions: actions.iter().map(action).collect::<Result<_>>()?,
    })
}

fn head(root: &Node<'_>) -> Result<()> {
    let version = root.get("version");
    if version.value.is_some() {
        version.str()?;
    }
    let profile = root.get("profile");
    if profile.value.is_some() {
        profile.object()?;
    }
    Ok(())
}

fn unique<'n>(nodes: impl Iterator<Item = &'n Node<'n>>, problem: Problem) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    for node in nodes {
        let id = node.get("id");
        let text = identifier(&id)?;
        if !seen.insert(text) {
            return id.error(problem, format!("\"{text}\" is used twice"));
        }
    }
    Ok(())
}

fn identifier<'a>(id: &Node<'a>) -> Result<&'a str> {
    let text = id.str()?;
    let fine = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && (1..=ID_CHARS).contains(&text.len());
    if fine {
        return Ok(text);
    }
    let why = format!(
        "\"{}\" is no identifier: letters, digits and _, not beginning with a digit, at most {ID_CHARS}",
        short(text)
    );
    id.error(Problem::Invalid, why)
}

fn name(node: &Node<'_>) -> Result<Box<str>> {
    let name = node.get("name");
    let text = name.str()?;
    if text.chars().count() > NAME_CHARS {
        return name.error(Problem::Invalid, format!("longer than {NAME_CHARS} characters"));
    }
    Ok(text.into())
}

fn mode(node: &Node<'_>) -> Result<Mode> {
    let mode = node.get("mode");
    match mode.str()? {
        "r" => Ok(Mode::Read),
        "rw" => Ok(Mode::ReadWrite),
        other => mode.error(Problem::Invalid, format!("\"{}\" is neither r nor rw", short(other))),
    }
}

fn field(node: &Node<'_>) -> Result<Field> {
    typed(node, &node.get("define"), TYPE_DEPTH)
}

fn typed(node: &Node<'_>, define: &Node<'_>, depth: u32) -> Result<Field> {
    Ok(Field {
        id: identifier(&node.get("id"))?.into(),
        name: name(node)?,
        kind: kind(define, depth)?,
    })
}

fn event(node: &Node<'_>) -> Result<Event> {
    let kind = node.get("type");
    let Some(parsed) = kind.value.and_then(Value::as_str).and_then(EventKind::parse) else {
        let why = format!("{} is none of info, alert, fault", kind.shown());
        return kind.error(Problem::EventType, why);
    };
    Ok(Event {
        id: identifier(&node.get("id"))?.into(),
        name: name(node)?,
        kind: parsed,
        params: params(&node.get("params"), Problem::EventParamTwice)?,
    })
}

fn action(node: &Node<'_>) -> Result<Action> {
    Ok(Action {
        id: identifier(&node.get("id"))?.into(),
        name: name(node)?,
        input: params(&node.get("input"), Problem::DuplicateId)?,
        output: params(&node.get("output"), Problem::DuplicateId)?,
    })
}

fn params(list: &Node<'_>, twice: Problem) -> Result<Fields> {
    let list = list.list(PARAMS, Problem::EventParams)?;
    unique(list.iter(), twice)?;
    Ok(Fields::new(list.iter().map(field).collect::<Result<_>>()?))
}

fn kind(define: &Node<'_>, depth: u32) -> Result<Type> {
    define.object()?;
    let kind = define.get("type");
    match kind.value.and_then(Value::as_str) {
        Some("bool") => bool_mapping(&define.get("mapping")).map(|()| Type::Bool),
        Some("int") => int(define),
        Some("float") => float(define),
        Some("string") => string(define),
        Some("enum") => numbers(&define.get("mapping")),
        Some("stringenum") => texts(&define.get("mapping")),
        Some("timestamp") => Ok(Type::Timestamp),
        Some("struct") if depth >= TYPE_DEPTH - 1 => fields(&define.get("specs"), depth),
        Some("array") if depth == TYPE_DEPTH => {
            Ok(Type::Array(Box::new(self::kind(&define.get("arrayInfo"), depth - 1)?)))
        }
        Some("struct" | "array") => {
            kind.error(Problem::Type, format!("{} is not allowed in here", kind.shown()))
        }
        _ => kind.error(Problem::Type, format!("{} is no data type", kind.shown())),
    }
}

/// The fields of a struct: their type stands under `dataType` (or `define`).
fn fields(specs: &Node<'_>, depth: u32) -> Result<Type> {
    let list = specs.list(PARAMS, Problem::EventParams)?;
    if list.is_empty() {
        return specs.error(Problem::Invalid, "a struct needs fields");
    }
    unique(list.iter(), Problem::DuplicateId)?;
    let one = |node: &Node<'_>| {
        let data_type = node.get("dataType");
        let define = if data_type.value.is_some() { data_type } else { node.get("define") };
        typed(node, &define, if depth == TYPE_DEPTH { 1 } else { depth - 1 })
    };
    Ok(Type::Struct(Fields::new(list.iter().map(one).collect::<Result<_>>()?)))
}

fn int(define: &Node<'_>) -> Result<Type> {
    extras(define)?;
    let min = define.get("min").integer(i64::MIN)?;
    let top = define.get("max");
    let max = top.integer(i64::MAX)?;
    if min > max {
        return top.error(Problem::Range, format!("{max} is below the minimum {min}"));
    }
    Ok(Type::Int { min, max })
}

fn float(define: &Node<'_>) -> Result<Type> {
    extras(define)?;
    let min = define.get("min").number()?.unwrap_or(f64::MIN);
    let top = define.get("max");
    let max = top.number()?.unwrap_or(f64::MAX);
    if min > max {
        let why = format!("{} is below the minimum {}", json::shown(max), json::shown(min));
        return top.error(Problem::Range, why);
    }
    Ok(Type::Float { min, max })
}

/// Step and start value: the console's, but numbers they must be.
fn extras(define: &Node<'_>) -> Result<()> {
    let step = define.get("step");
    if step.number()?.is_some_and(|n| n < 0.0) {
        return step.error(Problem::Range, format!("{} is negative", step.shown()));
    }
    define.get("start").number()?;
    Ok(())
}

fn string(define: &Node<'_>) -> Result<Type> {
    let bound = |node: &Node<'_>, default| {
        let n = node.integer(default)?;
        if !(0..=STRING_MAX).contains(&n) {
            return node.error(Problem::Range, format!("{n} is not in 0..{STRING_MAX}"));
        }
        Ok(u32::try_from(n).expect("the range is checked"))
    };
    let min = bound(&define.get("min"), 0)?;
    let top = define.get("max");
    let max = bound(&top, i64::from(STRING_CHARS))?;
    if min > max {
        return top.error(Problem::Range, format!("{max} is below the minimum {min}"));
    }
    Ok(Type::String { min, max })
}

fn bool_mapping(mapping: &Node<'_>) -> Result<()> {
    let texts = mapping.value.and_then(Value::as_object);
    let fine = texts.is_some_and(|map| {
        map.len() == 2 && ["0", "1"].iter().all(|key| map.get(*key).is_some_and(Value::is_string))
    });
    if fine { Ok(()) } else { mapping.error(Problem::BoolMapping, "needs a text for 0 and for 1") }
}

fn mapping_keys<'a>(mapping: &Node<'a>) -> Result<Vec<&'a str>> {
    let Some(map) = mapping.value.and_then(Value::as_object) else {
        return mapping.error(Problem::EnumMapping, format!("{} is no mapping", mapping.shown()));
    };
    if map.is_empty() || map.len() > MEMBERS {
        let why = format!("{} members, allowed are 1..{MEMBERS}", map.len());
        return mapping.error(Problem::EnumMapping, why);
    }
    if let Some((key, _)) = map.iter().find(|(_, text)| !text.is_string()) {
        let entry = Node { path: format!("{}.{}", mapping.path, short(key)), ..mapping.get(key) };
        return entry.error(Problem::EnumMapping, format!("{} is not a string", entry.shown()));
    }
    Ok(map.keys().map(String::as_str).collect())
}

fn numbers(mapping: &Node<'_>) -> Result<Type> {
    let mut members = Vec::new();
    for key in mapping_keys(mapping)? {
        let Ok(n) = key.parse::<i64>() else {
            let why = format!("\"{}\" is not a whole number", short(key));
            return mapping.error(Problem::EnumMapping, why);
        };
        members.push(n);
    }
    members.sort_unstable();
    if members.windows(2).any(|pair| pair.first() == pair.last()) {
        return mapping.error(Problem::EnumMapping, "a number is given twice");
    }
    Ok(Type::Enum(members.into()))
}

fn texts(mapping: &Node<'_>) -> Result<Type> {
    let keys = mapping_keys(mapping)?;
    Ok(Type::StringEnum(keys.into_iter().map(Box::from).collect()))
}

#[cfg(test)]
mod tests;
