//! The place where what happens to devices reaches the open pages of the console. Publishing costs
//! one atomic load while nobody looks; a slow page loses its oldest news and is told so.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use base::{Code, DeviceKey, DeviceName, Error, ProductId, Result};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{
    sync::Notify,
    time::{Duration, sleep},
};

use crate::{Cx, Services, data, device};

/// What can be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// `device/{pid}/{name}/props`
    Props(DeviceKey),
    /// `device/{pid}/{name}/status`
    Status(DeviceKey),
    /// `device/{pid}/{name}/messages`
    Messages(DeviceKey),
    /// `product/{pid}/status`
    Product(ProductId),
}

impl Topic {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (kind, product) = (parts.next()?, ProductId::parse(parts.next()?).ok()?);
        let topic = match (kind, parts.next()?) {
            ("product", "status") => Self::Product(product),
            ("device", name) => {
                let key = DeviceKey { product, name: DeviceName::parse(name).ok()? };
                match parts.next()? {
                    "props" => Self::Props(key),
                    "status" => Self::Status(key),
                    "messages" => Self::Messages(key),
                    _ => return None,
                }
            }
            _ => return None,
        };
        parts.next().is_none().then_some(topic)
    }
}

/// Subscriptions of all pages together.
const SUBSCRIPTIONS: usize = 10_000;
/// News that wait for one page; of properties and states only the newest of each waits.
const WAITING: usize = 512;
/// How long news are gathered before they leave together.
const GATHER: Duration = Duration::from_millis(40);

/// Who looks at what.
#[derive(Debug, Default)]
pub struct Live {
    count: AtomicUsize,
    inboxes: Mutex<HashMap<Topic, Vec<Arc<Inbox>>>>,
}

#[derive(Debug, Default)]
struct Inbox {
    waiting: Mutex<Waiting>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    news: VecDeque<(Option<Box<str>>, Value)>,
    lost: bool,
}

impl Inbox {
    fn put(&self, name: Option<&str>, news: &Value) {
        let mut waiting = self.waiting.lock();
        let same =
            waiting.news.iter_mut().find(|(known, _)| known.is_some() && known.as_deref() == name);
        if let Some((_, old)) = same {
            *old = news.clone();
        } else {
            if waiting.news.len() >= WAITING {
                waiting.news.pop_front();
                waiting.lost = true;
            }
            waiting.news.push_back((name.map(Into::into), news.clone()));
        }
        drop(waiting);
        self.wake.notify_one();
    }
}

impl Live {
    /// Whether anybody looks at anything; ask before making news.
    pub(crate) fn listening(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// Whether anybody looks at `topic`.
    pub(crate) fn looked_at(&self, topic: &Topic) -> bool {
        self.listening() && self.inboxes.lock().contains_key(topic)
    }

    /// Gives `news` to those who look at `topic`. News of the same name replace each other.
    pub(crate) fn publish(&self, topic: &Topic, name: Option<&str>, news: &Value) {
        let inboxes = self.inboxes.lock().get(topic).cloned().unwrap_or_default();
        for inbox in inboxes {
            inbox.put(name, news);
        }
    }

    /// A device came or went.
    pub(crate) fn status(&self, key: impl FnOnce() -> DeviceKey, status: i64) {
        if !self.listening() {
            return;
        }
        let key = &key();
        self.publish(&Topic::Status(key.clone()), Some("status"), &json!(status));
        let entry = device::live_entry(key, status);
        self.publish(&Topic::Product(key.product.clone()), Some(key.name.as_str()), &entry);
    }

    fn join(&self, topic: &Topic) -> Result<Arc<Inbox>> {
        let mut inboxes = self.inboxes.lock();
        if self.count.load(Ordering::Relaxed) >= SUBSCRIPTIONS {
            return Err(Error::new(Code::LimitExceeded, "too many live subscriptions"));
        }
        let inbox = Arc::new(Inbox::default());
        inboxes.entry(topic.clone()).or_default().push(inbox.clone());
        self.count.fetch_add(1, Ordering::Relaxed);
        Ok(inbox)
    }

    fn leave(&self, topic: &Topic, inbox: &Arc<Inbox>) {
        let mut inboxes = self.inboxes.lock();
        if let Some(list) = inboxes.get_mut(topic) {
            list.retain(|other| !Arc::ptr_eq(other, inbox));
            if list.is_empty() {
                inboxes.remove(topic);
            }
        }
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One page's look at one topic; dropped = ended.
pub struct Subscription {
    services: Arc<Services>,
    topic: Topic,
    inbox: Arc<Inbox>,
    fresh: bool,
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("topic", &self.topic).finish_non_exhaustive()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.services.live.leave(&self.topic, &self.inbox);
    }
}

/// Begins to look at `topic`, which must be of the caller's account.
///
/// # Errors
/// The topic is not one, or what it names does not exist for this account.
pub async fn subscribe(cx: &Cx, topic: &str) -> Result<Subscription> {
    let unknown = || Error::new(Code::InvalidParameterValue, "live topic is not valid");
    let topic = Topic::parse(topic).ok_or_else(unknown)?;
    match &topic {
        Topic::Product(product) => device::own_product(cx, product).await?,
        Topic::Props(key) | Topic::Status(key) | Topic::Messages(key) => {
            device::describe(cx, key).await.map(|_| ())?;
        }
    }
    let services = cx.services().clone();
    let inbox = services.live.join(&topic)?;
    Ok(Subscription { services, topic, inbox, fresh: true })
}

impl Subscription {
    /// The next `{"kind":"snapshot"|"delta","data":{..}}`: first a snapshot, then what changes.
    /// `None` when what is looked at is gone.
    pub async fn next(&mut self) -> Option<String> {
        if std::mem::take(&mut self.fresh) {
            return self.snapshot().await;
        }
        loop {
            self.inbox.wake.notified().await;
            sleep(GATHER).await;
            let waiting = std::mem::take(&mut *self.inbox.waiting.lock());
            if waiting.lost && !matches!(self.topic, Topic::Messages(_)) {
                return self.snapshot().await;
            }
            if !waiting.news.is_empty() {
                let news = waiting.news.into_iter().map(|(_, value)| value).collect();
                return Some(self.delta(news, waiting.lost));
            }
        }
    }

    fn delta(&self, mut news: Vec<Value>, lost: bool) -> String {
        let data = match &self.topic {
            Topic::Props(_) => json!({ "Properties": news }),
            Topic::Status(_) => json!({ "Status": news.pop() }),
            Topic::Messages(_) if lost => json!({ "Messages": news, "Lost": true }),
            Topic::Messages(_) => json!({ "Messages": news }),
            Topic::Product(_) => json!({ "Devices": news }),
        };
        json!({ "kind": "delta", "data": data }).to_string()
    }

    async fn snapshot(&self) -> Option<String> {
        let data = match &self.topic {
            Topic::Props(key) => {
                json!({ "Properties": data::live_properties(&self.services, key)? })
            }
            Topic::Status(key) => json!({ "Status": device::live_status(&self.services, key)? }),
            Topic::Messages(_) => json!({ "Messages": [] }),
            Topic::Product(product) => {
                json!({ "Devices": device::online_devices(&self.services, product).await })
            }
        };
        Some(json!({ "kind": "snapshot", "data": data }).to_string())
    }
}
