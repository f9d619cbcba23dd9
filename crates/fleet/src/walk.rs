//! The place where a thing model becomes values: where each begins and how it goes on.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};
use thing::{Fields, Mode, Model, Type};

use crate::{
    chance::Chance,
    track::{Names, Point},
};

/// Steps that a number goes at most from one report to the next.
const STRIDE: u64 = 3;
/// A number without bounds stays within so many.
const UNBOUNDED: i64 = 100;
/// One in so many reports brings another text, list, switch or choice.
const SELDOM: u64 = 8;
/// Characters of a text, if the model allows.
const TEXT: u32 = 8;
const LIST_MAX: u64 = 3;

/// What a device of a product says, compiled from its thing model.
#[derive(Debug)]
pub struct Script {
    pub(crate) properties: Vec<Property>,
    pub(crate) events: Vec<Event>,
    pub(crate) actions: Vec<Action>,
    pub(crate) centre: Point,
}

#[derive(Debug)]
pub(crate) struct Property {
    pub(crate) id: Box<str>,
    pub(crate) writable: bool,
    pub(crate) shape: Shape,
}

#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) id: Box<str>,
    pub(crate) kind: &'static str,
    pub(crate) params: Shape,
}

#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) id: Box<str>,
    pub(crate) output: Shape,
}

/// How a value moves.
#[derive(Debug)]
pub(crate) enum Shape {
    Int {
        min: i64,
        max: i64,
        step: i64,
    },
    Float {
        min: f64,
        max: f64,
        step: f64,
        decimals: i32,
    },
    Text {
        length: u32,
    },
    /// One of a few: bool, enum, stringenum.
    Choice(Vec<Value>),
    /// Now, in seconds.
    Time,
    Struct {
        fields: Vec<(Box<str>, Shape)>,
        position: Option<Names>,
    },
    List(Box<Shape>),
}

/// What a step of a walk needs.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    pub(crate) chance: &'a Chance,
    pub(crate) centre: Point,
    /// Where the device heads for, in radians.
    pub(crate) heading: &'a mut f64,
    /// Now, in seconds since 1970.
    pub(crate) seconds: i64,
}

impl Script {
    /// Compiles a thing model. `centre` is where devices travel that have a position.
    ///
    /// # Errors
    /// The text is no thing model.
    pub fn compile(model: &str, centre: Point) -> Result<Self> {
        let parsed = Model::parse(model).context("the thing model")?;
        let text: Value = serde_json::from_str(model)?;
        let properties = parsed.properties().zip(list(&text, "properties")).map(|(p, text)| {
            let shape = Shape::of(&p.field.kind, &text["define"]);
            let writable = p.mode == Mode::ReadWrite;
            Property { id: p.field.id.clone(), writable, shape }
        });
        let events = parsed.events().iter().zip(list(&text, "events")).map(|(event, text)| {
            let params = Shape::of_fields(&event.params, list(text, "params"));
            Event { id: event.id.clone(), kind: event.kind.as_str(), params }
        });
        let actions = parsed.actions().iter().zip(list(&text, "actions")).map(|(action, text)| {
            let output = Shape::of_fields(&action.output, list(text, "output"));
            Action { id: action.id.clone(), output }
        });
        let (properties, events, actions) =
            (properties.collect(), events.collect(), actions.collect());
        Ok(Self { properties, events, actions, centre })
    }

    /// A property whose history tells of every report: a plain one, if there is one.
    #[must_use]
    pub fn witness(&self) -> Option<&str> {
        let plain = |p: &&Property| !matches!(p.shape, Shape::Struct { .. } | Shape::List(_));
        let found = self.properties.iter().find(plain).or_else(|| self.properties.first());
        found.map(|property| &*property.id)
    }
}

fn list<'a>(text: &'a Value, key: &str) -> std::slice::Iter<'a, Value> {
    text.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice).iter()
}

impl Shape {
    /// `kind` has the bounds, checked; `define` has the step.
    fn of(kind: &Type, define: &Value) -> Self {
        match kind {
            Type::Bool => Self::Choice(vec![0.into(), 1.into()]),
            Type::Int { min, max } => int(*min, *max, define),
            Type::Float { min, max } => float(*min, *max, define),
            Type::String { min, max } => Self::Text { length: TEXT.clamp(*min, *max) },
            Type::Enum(members) => Self::Choice(members.iter().map(|&n| n.into()).collect()),
            Type::StringEnum(keys) => Self::Choice(keys.iter().map(|k| (**k).into()).collect()),
            Type::Timestamp => Self::Time,
            Type::Struct(fields) => Self::of_fields(fields, list(define, "specs")),
            Type::Array(kind) => Self::List(Box::new(Self::of(kind, &define["arrayInfo"]))),
        }
    }

    fn of_fields<'a>(fields: &Fields, texts: impl Iterator<Item = &'a Value>) -> Self {
        let floats = fields.iter().filter(|f| matches!(f.kind, Type::Float { .. }));
        let position = Names::among(floats.map(|field| &*field.id));
        let fields = fields.iter().zip(texts).map(|(field, text)| {
            let define = text.get("dataType").unwrap_or(&text["define"]);
            (field.id.clone(), Self::of(&field.kind, define))
        });
        Self::Struct { fields: fields.collect(), position }
    }

    /// The first value.
    pub(crate) fn begin(&self, step: &Step<'_>) -> Value {
        let chance = step.chance;
        match self {
            Self::Int { min, max, step } => {
                let places = max.abs_diff(*min) / step.unsigned_abs().max(1);
                let place = i64::try_from(chance.below(places.saturating_add(1)));
                min.saturating_add(place.unwrap_or(0).saturating_mul(*step)).min(*max).into()
            }
            Self::Float { min, max, decimals, .. } => {
                rounded(chance.between(*min, *max), *decimals).clamp(*min, *max).into()
            }
            Self::Text { length } => chance.text(usize::try_from(*length).unwrap_or(0)).into(),
            Self::Choice(all) => any(all, chance),
            Self::Time => step.seconds.into(),
            Self::Struct { fields, position } => {
                let mut values: Map<String, Value> =
                    fields.iter().map(|(id, shape)| (id.to_string(), shape.begin(step))).collect();
                if let Some(names) = position {
                    names.begin(step.centre, chance, &mut values);
                }
                values.into()
            }
            Self::List(shape) => {
                (0..=chance.below(LIST_MAX)).map(|_| shape.begin(step)).collect::<Vec<_>>().into()
            }
        }
    }

    /// Moves a value on.
    pub(crate) fn walk(&self, value: &mut Value, step: &mut Step<'_>) {
        match self {
            Self::Int { min, max, step: size } => {
                let by = signed_steps(step.chance).saturating_mul(*size);
                let from = value.as_i64().unwrap_or(*min);
                let there = from.saturating_add(by);
                let to =
                    if (*min..=*max).contains(&there) { there } else { from.saturating_sub(by) };
                *value = to.clamp(*min, *max).into();
            }
            Self::Float { min, max, step: size, decimals } => {
                let by = signed_steps(step.chance) as f64 * size;
                let from = value.as_f64().unwrap_or(*min);
                let there = rounded(from + by, *decimals);
                let inside = (*min..=*max).contains(&there);
                let to = if inside { there } else { rounded(from - by, *decimals) };
                *value = to.clamp(*min, *max).into();
            }
            Self::Time => *value = step.seconds.into(),
            Self::Struct { fields, position } => match value {
                Value::Object(values) => walk_fields(fields, position.as_ref(), values, step),
                other => *other = self.begin(step),
            },
            Self::Text { .. } | Self::Choice(_) | Self::List(_) => {
                if step.chance.below(SELDOM) == 0 {
                    *value = self.begin(step);
                }
            }
        }
    }
}

fn walk_fields(
    fields: &[(Box<str>, Shape)],
    position: Option<&Names>,
    values: &mut Map<String, Value>,
    step: &mut Step<'_>,
) {
    for (id, shape) in fields {
        let travels = position.is_some_and(|names| names.have(id));
        match values.get_mut(&**id) {
            Some(value) if !travels => shape.walk(value, step),
            Some(_) => {}
            None => {
                values.insert(id.to_string(), shape.begin(step));
            }
        }
    }
    if let Some(names) = position {
        names.stride(step.heading, step.chance, values);
    }
}

/// Bounds that are left out stand at the ends of the type.
fn int(min: i64, max: i64, define: &Value) -> Shape {
    let (low, high) = match (min == i64::MIN, max == i64::MAX) {
        (true, true) => (0, UNBOUNDED),
        (true, false) => (max.saturating_sub(UNBOUNDED), max),
        (false, true) => (min, min.saturating_add(UNBOUNDED)),
        (false, false) => (min, max),
    };
    let step = number(define, "step").and_then(|text| text.parse().ok());
    Shape::Int { min: low, max: high, step: step.filter(|n| *n > 0).unwrap_or(1) }
}

fn float(min: f64, max: f64, define: &Value) -> Shape {
    let unbounded = UNBOUNDED as f64;
    let (low, high) = match (min == f64::MIN, max == f64::MAX) {
        (true, true) => (0.0, unbounded),
        (true, false) => (max - unbounded, max),
        (false, true) => (min, min + unbounded),
        (false, false) => (min, max),
    };
    let text = number(define, "step").unwrap_or_default();
    let step = text.parse().ok().filter(|n: &f64| *n > 0.0);
    let decimals = text.split_once('.').map_or(0, |(_, digits)| digits.len().min(9));
    let decimals = i32::try_from(decimals).unwrap_or(0);
    match step {
        Some(step) => Shape::Float { min: low, max: high, step, decimals },
        None => Shape::Float { min: low, max: high, step: (high - low) / 100.0, decimals: 2 },
    }
}

/// A number of the definition as it is written, perhaps in quotes.
fn number(define: &Value, key: &str) -> Option<String> {
    match define.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

fn any(all: &[Value], chance: &Chance) -> Value {
    let at = usize::try_from(chance.below(all.len() as u64)).unwrap_or(0);
    all.get(at).cloned().unwrap_or_default()
}

/// In `-STRIDE..=STRIDE`.
fn signed_steps(chance: &Chance) -> i64 {
    let steps = chance.below(2 * STRIDE + 1).cast_signed();
    steps - STRIDE.cast_signed()
}

fn rounded(n: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (n * scale).round() / scale
}

#[cfg(test)]
mod tests;
