//! The place where a definition stands in compiled form: ids by hash, bounds as numbers.

use crate::{ModelError, define};

/// Who may set a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `r`: the device reports it.
    Read,
    /// `rw`: the cloud may set it, too.
    ReadWrite,
}

/// Kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// 信息
    Info,
    /// 告警
    Alert,
    /// 故障
    Fault,
}

impl EventKind {
    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Alert => "alert",
            Self::Fault => "fault",
        }
    }

    /// From the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Info, Self::Alert, Self::Fault].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What a value may be.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// 0 or 1.
    Bool,
    /// A whole number in bounds.
    Int { min: i64, max: i64 },
    /// A number in bounds.
    Float { min: f64, max: f64 },
    /// Text, its length counted in characters.
    String { min: u32, max: u32 },
    /// One of the numbers of its mapping (sorted).
    Enum(Box<[i64]>),
    /// One of the keys of its mapping.
    StringEnum(Box<[Box<str>]>),
    /// Seconds since 1970 (milliseconds pass, as devices send them).
    Timestamp,
    /// An object.
    Struct(Fields),
    /// A list of such.
    Array(Box<Type>),
}

impl Type {
    /// As the definition spells it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int { .. } => "int",
            Self::Float { .. } => "float",
            Self::String { .. } => "string",
            Self::Enum(_) => "enum",
            Self::StringEnum(_) => "stringenum",
            Self::Timestamp => "timestamp",
            Self::Struct(_) => "struct",
            Self::Array(_) => "array",
        }
    }
}

/// A parameter or a field of a struct.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Identifier.
    pub id: Box<str>,
    /// Shown name.
    pub name: Box<str>,
    /// What it may be.
    pub kind: Type,
}

/// A property: a field with a mode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Property<'a> {
    /// Identifier, name and type.
    pub field: &'a Field,
    /// Who may set it.
    pub mode: Mode,
}

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Identifier.
    pub id: Box<str>,
    /// Shown name.
    pub name: Box<str>,
    /// Its kind.
    pub kind: EventKind,
    /// What comes with it.
    pub params: Fields,
}

/// An action.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Identifier.
    pub id: Box<str>,
    /// Shown name.
    pub name: Box<str>,
    /// Request parameters.
    pub input: Fields,
    /// Reply parameters.
    pub output: Fields,
}

/// A compiled thing model: immutable, shared.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Model {
    pub(crate) properties: Fields,
    pub(crate) modes: Box<[Mode]>,
    pub(crate) events: Box<[Event]>,
    pub(crate) actions: Box<[Action]>,
}

impl Model {
    /// Compiles a definition, or says what is wrong with it and where.
    ///
    /// # Errors
    /// The text is no valid definition.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        define::parse(text)
    }

    /// The model of a product that has none: nothing may be reported.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// All properties, in the order of the definition.
    pub fn properties(&self) -> impl Iterator<Item = Property<'_>> {
        self.properties.iter().zip(&self.modes).map(|(field, &mode)| Property { field, mode })
    }

    /// One property.
    #[must_use]
    pub fn property(&self, id: &str) -> Option<Property<'_>> {
        let at = self.properties.position(id)?;
        Some(Property { field: self.properties.list.get(at)?, mode: *self.modes.get(at)? })
    }

    /// All events.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// One event.
    #[must_use]
    pub fn event(&self, id: &str) -> Option<&Event> {
        self.events.iter().find(|event| *event.id == *id)
    }

    /// All actions.
    #[must_use]
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// One action.
    #[must_use]
    pub fn action(&self, id: &str) -> Option<&Action> {
        self.actions.iter().find(|action| *action.id == *id)
    }
}

/// Fields by id: at most [`crate::PARAMS`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fields {
    pub(crate) list: Box<[Field]>,
    /// Open addressing, a power of two at least twice as long; 0 is empty, else place + 1.
    slots: Box<[u8]>,
}

impl Fields {
    /// The caller has bounded the number and refused equal ids.
    pub(crate) fn new(list: Vec<Field>) -> Self {
        let size = if list.is_empty() { 0 } else { (list.len() * 4).next_power_of_two() };
        let mut slots = vec![0_u8; size];
        for (at, field) in list.iter().enumerate() {
            let mut slot = hash(field.id.as_bytes()) & (size - 1);
            while slots[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            slots[slot] = u8::try_from(at + 1).expect("at most 100 fields");
        }
        Self { list: list.into(), slots: slots.into() }
    }

    /// In the order of the definition.
    pub fn iter(&self) -> std::slice::Iter<'_, Field> {
        self.list.iter()
    }

    /// One field.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Field> {
        self.position(id).and_then(|at| self.list.get(at))
    }

    /// The place of a field in the list.
    pub(crate) fn position(&self, id: &str) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut slot = hash(id.as_bytes()) & mask;
        loop {
            let at = usize::from(*self.slots.get(slot)?).checked_sub(1)?;
            if *self.list.get(at)?.id == *id {
                return Some(at);
            }
            slot = (slot + 1) & mask;
        }
    }
}

impl<'a> IntoIterator for &'a Fields {
    type Item = &'a Field;
    type IntoIter = std::slice::Iter<'a, Field>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// FNV-1a over the id: short keys, tables a quarter full.
fn hash(id: &[u8]) -> usize {
    let mut h = 0x811c_9dc5_u32;
    for &byte in id {
        h = (h ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    usize::try_from(h ^ (h >> 15)).unwrap_or_default()
}
