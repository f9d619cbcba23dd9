//! The place where all that the chapters share is held together, and where one call sees it.

use std::{
    fmt,
    ops::Deref,
    sync::{Arc, OnceLock},
};

use base::{Clock, Rand, RequestId, Result, Uin};
use parking_lot::RwLock;
use store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    account::{self, Accounts, Caller, FirstLogin, Root},
    cert::{Authorities, DeviceCa},
    device::{self, Devices},
    instance::Tenants,
    live::Live,
    product::Products,
    service::ServiceClients,
};

/// What `thingd` decides for the product.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether device messages are kept in the content log.
    pub content_log: bool,
    pub device_limits: Arc<broker::hub::Limits>,
    /// Seconds between two connects of one device or one client id of a service client, beyond a
    /// handful at once; 0 is no limit.
    pub connect_every_s: u32,
    /// Sessions of one service client that outlive their connections; 0 is no limit.
    pub service_sessions: u32,
    /// Whether a public instance is held to its messages per second (L73).
    pub instance_rate: bool,
    /// How long `CallDeviceActionSync` waits.
    pub action_timeout_s: u32,
    pub projects: u32,
    pub products_per_project: u32,
    pub devices_per_product: u32,
    /// What devices' certificates are issued by.
    pub device_ca: Option<DeviceCa>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            content_log: true,
            device_limits: Arc::default(),
            connect_every_s: 5,
            service_sessions: 1_000,
            instance_rate: true,
            action_timeout_s: 5,
            projects: 1_000,
            products_per_project: 2_000,
            devices_per_product: 5_000_000,
            device_ca: None,
        }
    }
}

/// Where devices find the server, as the console shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doors {
    pub host: String,
    /// For the line of a hosts file.
    pub address: String,
    pub mqtt: u16,
    pub mqtts: u16,
    pub ws_url: String,
    /// PEM of the CA that vouches for the server's certificate; "" if it is not the platform's.
    pub ca: String,
}

/// Everything the chapters share.
pub struct Services {
    pub store: Store,
    pub clock: Clock,
    pub rand: Rand,
    pub settings: Settings,
    pub live: Live,
    pub devices: Devices,
    pub(crate) accounts: Accounts,
    pub(crate) products: Products,
    pub(crate) authorities: Authorities,
    pub(crate) service_clients: ServiceClients,
    /// Calls that are being answered. They run to their end even if who called has gone: what is half
    /// done in SQL must reach memory, too.
    pub(crate) calls: TaskTracker,
    /// What goes on in the background, and what ends it.
    background: TaskTracker,
    stop: CancellationToken,
    broker: OnceLock<broker::Handle>,
    doors: RwLock<Doors>,
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Services")
    }
}

impl Services {
    /// Reads into memory what the roads ask synchronously: accounts and products.
    ///
    /// # Errors
    /// The store failed.
    pub async fn open(
        store: Store,
        clock: Clock,
        rand: Rand,
        settings: Settings,
    ) -> Result<Arc<Self>> {
        let accounts = Accounts::load(&store, &clock).await?;
        let products = Products::load(&store, Tenants::new(settings.instance_rate)).await?;
        let service_clients =
            ServiceClients::load(&store, &products.tenants, settings.service_sessions).await?;
        let authorities = Authorities::load(&store).await?;
        Ok(Arc::new(Self {
            store,
            clock,
            rand,
            settings,
            live: Live::default(),
            devices: Devices::default(),
            accounts,
            products,
            authorities,
            service_clients,
            calls: TaskTracker::new(),
            background: TaskTracker::new(),
            stop: CancellationToken::new(),
            broker: OnceLock::new(),
            doors: RwLock::default(),
        }))
    }

    /// Makes the root account and its instances, unless they exist: `None`. `keep` writes the login
    /// down before anything is committed.
    ///
    /// # Errors
    /// A given value is not valid, `keep` failed, or the store failed.
    pub async fn first_start(
        self: &Arc<Self>,
        root: Root,
        keep: impl FnOnce(&FirstLogin) -> Result<()>,
    ) -> Result<Option<FirstLogin>> {
        account::first_start(self, root, keep).await
    }

    /// Gives the way down to devices, and where they find the server. The broker is given once;
    /// later calls change the doors alone.
    pub fn attach(&self, broker: broker::Handle, doors: Doors) {
        self.broker.get_or_init(|| broker);
        *self.doors.write() = doors;
    }

    /// The way down to devices, once there is one.
    #[must_use]
    pub fn broker(&self) -> Option<&broker::Handle> {
        self.broker.get()
    }

    /// Where devices find the server.
    #[must_use]
    pub fn doors(&self) -> Doors {
        self.doors.read().clone()
    }

    /// Waits for the calls that are being answered and ends what goes on in the background; when the
    /// server ends, after its doors are shut and before the store is closed.
    pub async fn finish_calls(&self) {
        self.stop.cancel();
        for tasks in [&self.calls, &self.background] {
            tasks.close();
            tasks.wait().await;
        }
    }

    /// Heals what a crash left half done, and goes on in the background with what may take long; runs
    /// once, at start.
    ///
    /// # Errors
    /// A store failed.
    pub async fn sweep(self: &Arc<Self>) -> Result<()> {
        account::sweep(self).await?;
        device::sweep(self).await?;
        self.background.spawn(device::purge::run(Arc::downgrade(self), self.stop.clone()));
        Ok(())
    }
}

/// One call: who calls, and everything the chapters share.
#[derive(Debug, Clone)]
pub struct Cx {
    services: Arc<Services>,
    pub uin: Uin,
    /// The caller's user name.
    pub user: Arc<str>,
    pub root: bool,
    pub request: RequestId,
    /// Whether the caller reads Chinese.
    pub zh: bool,
}

impl Cx {
    /// A call of `caller`, who has been proved and allowed.
    #[must_use]
    pub fn new(services: Arc<Services>, caller: Caller, request: RequestId, zh: bool) -> Self {
        let Caller { uin, user, root } = caller;
        Self { services, uin, user: user.into(), root, request, zh }
    }

    /// What the chapters share.
    #[must_use]
    pub fn services(&self) -> &Arc<Services> {
        &self.services
    }
}

impl Deref for Cx {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.services
    }
}
