//! The place where an action finds its handler: the last part of the road of an API call.

use std::{collections::HashMap, future::Future, pin::Pin};

use base::{Code, Error, Result};
use serde_json::Value;

use crate::{Cx, account, cert, data, device, instance, log, message, product, project, service};

type Answer = Pin<Box<dyn Future<Output = Result<Vec<u8>>> + Send>>;
type Handler = Box<dyn Fn(Cx, Value) -> Answer + Send + Sync>;

/// All actions that are built, by name.
#[derive(Default)]
pub struct Routes(HashMap<&'static str, Handler>);

impl std::fmt::Debug for Routes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Routes {
    /// The actions of every chapter.
    #[must_use]
    pub fn all() -> Self {
        let mut routes = Self::default();
        account::actions::routes(&mut routes);
        instance::actions::routes(&mut routes);
        project::actions::routes(&mut routes);
        product::actions::routes(&mut routes);
        device::actions::routes(&mut routes);
        cert::actions::routes(&mut routes);
        data::actions::routes(&mut routes);
        message::actions::routes(&mut routes);
        log::actions::routes(&mut routes);
        service::actions::routes(&mut routes);
        routes
    }

    /// Registers `handler` for the action that its request type names.
    ///
    /// # Panics
    /// The action has a handler already.
    pub(crate) fn on<R, F, Fut>(&mut self, handler: F) -> &mut Self
    where
        R: api::Request + Send + 'static,
        F: Fn(Cx, R) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R::Response>> + Send + 'static,
    {
        let name = R::INFO.name;
        let erased: Handler = Box::new(move |cx, params| match serde_json::from_value(params) {
            Ok(request) => Box::pin(encoded(handler(cx, request))),
            Err(error) => {
                let text = format!("parameters of {name} cannot be read");
                let error = Error::new(Code::InvalidParameter, text).with_source(error);
                Box::pin(std::future::ready(Err(error)))
            }
        });
        let before = self.0.insert(name, erased);
        assert!(before.is_none(), "action {name} has two handlers");
        self
    }

    /// Whether the action is built.
    #[must_use]
    pub fn has(&self, action: &str) -> bool {
        self.0.contains_key(action)
    }

    /// Names of all actions that are built.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }

    /// Answers a checked and authorised call with the JSON text of its response fields.
    ///
    /// # Errors
    /// The action's own, or it is known but not built.
    pub async fn call(
        &self,
        cx: Cx,
        info: &'static api::registry::ActionInfo,
        params: Value,
    ) -> Result<Vec<u8>> {
        let Some(handler) = self.0.get(info.name) else {
            let text = format!("action {} is not built yet", info.name);
            return Err(Error::new(Code::UnsupportedOperation, text));
        };
        let answer = handler(cx.clone(), params);
        cx.services().calls.spawn(answer).await.map_err(Error::internal)?
    }
}

async fn encoded<T: serde::Serialize>(answer: impl Future<Output = Result<T>>) -> Result<Vec<u8>> {
    serde_json::to_vec(&answer.await?).map_err(Error::internal)
}
