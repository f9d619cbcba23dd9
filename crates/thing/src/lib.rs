//! The thing model (物模型): its definition, the check of what devices send against it, and the
//! `$thing` protocol messages. Pure: no IO, no clock.
//!
//! The report road is [`protocol::Message::parse`] → [`Model::check_report`] (one [`record`]) →
//! [`shadow::Shadow::apply_report`].

mod check;
mod define;
mod json;
mod model;
pub mod protocol;
pub mod record;
mod scan;
pub mod shadow;
pub mod standard;

pub use check::Violation;
pub use define::{ModelError, Problem};
pub use model::{Action, Event, EventKind, Field, Fields, Mode, Model, Property, Type};

/// A model's text may have this many bytes.
pub const MODEL_BYTES: usize = 512 * 1024;
/// Properties and events of one product, together.
pub const FEATURES: usize = 100;
/// Actions of one product.
pub const ACTIONS: usize = 100;
/// Parameters of an event or an action, fields of a struct.
pub const PARAMS: usize = 100;
/// Characters of an identifier.
pub const ID_CHARS: usize = 32;
/// Characters that a string value may have when the model does not say.
pub const STRING_CHARS: u32 = 2048;
