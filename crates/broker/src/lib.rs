//! The MQTT server: doors, connections, sessions, router. Knows no product and no thing model.
//! CONTRACT: `Broker::start(Options, Store, Clock, Arc<dyn Hub>) -> Result<Broker>` (binds; `addresses()`),
//! `Broker::handle() -> Handle` (clone), `Broker::accept_ws(stream, peer, Door)` for the HTTP door,
//! `Broker::shutdown(deadline)`.
//! `Handle::publish(&ClientKey, topic: &str, payload: &[u8], qos) -> Delivery`, `Handle::kick(&ClientKey, Offline)`,
//! `Handle::is_online(&ClientKey) -> bool`, `Handle::online() -> usize`.

pub mod hub;
