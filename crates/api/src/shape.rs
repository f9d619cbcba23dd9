//! What an object of the wire looks like, as static tables.

/// An object: its name in the schema and its fields.
#[derive(Debug)]
pub struct Shape {
    pub name: &'static str,
    pub fields: &'static [Field],
}

/// A field of an object, as the wire spells it.
#[derive(Debug)]
pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub required: bool,
}

/// What a field holds.
#[derive(Debug)]
pub enum Kind {
    Bool,
    /// A whole number that fits in `i64`.
    Int,
    /// A whole number that fits in `u64`.
    Uint,
    Float,
    Text,
    Object(&'static Shape),
    List(&'static Kind),
}

impl Shape {
    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}
