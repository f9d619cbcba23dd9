//! The place where the parts of the server are put together, started in order, and stopped in the
//! other.

use std::{
    fmt,
    fs::DirBuilder,
    io::Write as _,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use base::{Clock, Error, Rand};
use broker::{Broker, TlsDoor};
use platform::{Doors, FirstLogin, PlatformHub, Root, Services, Settings};
use serde_json::json;
use store::Store;
use tokio::{
    runtime::Runtime,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use web::Web;

use crate::{
    config::{self, Config},
    tls, watch,
};

/// How long the doors may take to close.
const DOORS: Duration = Duration::from_secs(4);
/// How long calls whose connection was cut, and housekeeping, may still take.
const CALLS: Duration = Duration::from_secs(1);
/// How often what is past its retention is dropped.
const RETENTION: Duration = Duration::from_secs(3600);

/// What a server is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The one folder that is written.
    pub data: PathBuf,
    pub config: Config,
    /// What the environment sets for the first start.
    pub root: Root,
    pub clock: Clock,
    /// A seed for repeatable ids; none takes the system's randomness.
    pub seed: Option<u64>,
}

/// Where the doors are, with their real ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    pub http: Option<SocketAddr>,
    pub https: Option<SocketAddr>,
    pub mqtt: Option<SocketAddr>,
    pub mqtts: Option<SocketAddr>,
}

/// A server that accepts.
pub struct Running {
    addresses: Addresses,
    first: Option<FirstLogin>,
    store: Store,
    services: Arc<Services>,
    broker: Arc<Broker>,
    web: Arc<Web>,
    stop: CancellationToken,
    tasks: TaskTracker,
    #[expect(dead_code, reason = "held until all else is closed")]
    threads: DeviceThreads,
}

/// The threads that serve connections of devices: a core's worth of them is left to commits, to the
/// engine, to handshakes and to calls of people and programs, which have threads of their own: neither
/// side takes turns of the other's threads.
struct DeviceThreads(Option<Runtime>);

impl DeviceThreads {
    fn start() -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, Into::into);
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads((cores - 1).max(1)).thread_name("devices").enable_all();
        Ok(Self(Some(builder.build().context("cannot start threads")?)))
    }
}

impl Drop for DeviceThreads {
    fn drop(&mut self) {
        // A runtime must not wait for its threads where others are served.
        self.0.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

/// The stores of a folder, and the product on them; no doors.
pub(crate) struct Opened {
    pub(crate) store: Store,
    pub(crate) services: Arc<Services>,
    /// The login of the first start.
    pub(crate) first: Option<FirstLogin>,
}

/// Opens the folder, and makes what a first start makes.
///
/// # Errors
/// The folder is in use or broken.
pub(crate) async fn open(options: Options) -> Result<Opened> {
    let (store, services) = open_stores(&options).await?;
    let keep = |login: &FirstLogin| {
        let text = serde_json::to_vec_pretty(login).map_err(Error::internal)?;
        tls::write(&options.data.join("first-login.json"), &text).map_err(Error::internal)
    };
    let first = services.first_start(options.root, keep).await?;
    Ok(Opened { store, services, first })
}

/// The same without a first start: for those who come to a server's folder later.
pub(crate) async fn open_stores(options: &Options) -> Result<(Store, Arc<Services>)> {
    let Options { data, config, clock, seed, .. } = options;
    let missing = !data.exists();
    let made = DirBuilder::new().recursive(true).mode(0o700).create(data);
    made.with_context(|| format!("cannot make {}", data.display()))?;
    if missing {
        tracing::info!(data = %data.display(), "new data folder");
    }
    let store = Store::open(store_options(data, config), clock.clone()).await?;
    let rand = seed.map_or_else(Rand::system, Rand::seeded);
    let settings = Settings { device_ca: Some(tls::device_ca(data)?), ..settings(config) };
    let services = Services::open(store.clone(), clock.clone(), rand, settings).await?;
    Ok((store, services))
}

/// Opens the folder, heals it, and opens the doors; returns when all of them accept.
///
/// # Errors
/// The folder is in use or broken, or an address cannot be bound.
pub async fn start(options: Options) -> Result<Running> {
    let (data, config, clock) =
        (options.data.clone(), options.config.clone(), options.clock.clone());
    let Opened { store, services, first } = open(options).await?;
    for risk in config.risks() {
        tracing::warn!("{risk}");
    }
    let files = tls::prepare(&data, &tls_names(&config))?;
    services.sweep().await?;

    let web_options = web_options(&config, &files)?;
    let bound = web::bind(&web_options).await?;
    let hub = Arc::new(PlatformHub::new(&services));
    let threads = DeviceThreads::start()?;
    let device_threads = threads.0.as_ref().map(|threads| threads.handle().clone());
    let broker_options =
        broker::Options { threads: device_threads, ..broker_options(&config, &files)? };
    let broker = Broker::start(broker_options, store.clone(), clock.clone(), hub)?;
    let broker = Arc::new(broker);
    let addresses = Addresses {
        http: bound.addresses().http,
        https: bound.addresses().https,
        mqtt: broker.addresses().tcp,
        mqtts: broker.addresses().tls,
    };
    let shown = Doors { ca: files.trusted(), ..doors(&config, &addresses) };
    services.attach(broker.handle(), shown);
    let web = Arc::new(web::start(bound, &web_options, services.clone()));
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let doors = (broker.clone(), web.clone());
    tasks.spawn(watch::certificate(files, doors, services.clone(), stop.clone()));
    tasks.spawn(retention(store.clone(), stop.clone()));
    Ok(Running { addresses, first, store, services, broker, web, stop, tasks, threads })
}

/// Names of the certificate that is made at first start: the given ones and the listeners' own.
fn tls_names(config: &Config) -> Vec<String> {
    let mut names = config.tls.names.clone();
    for listener in [&config.mqtt.tls_listen, &config.http.tls_listen] {
        if let Ok(Some(address)) = config::address(listener)
            && !address.ip().is_unspecified()
        {
            names.push(address.ip().to_string());
        }
    }
    if !config.mqtt.host.is_empty() {
        names.push(config.mqtt.host.clone());
    }
    names
}

fn store_options(data: &Path, config: &Config) -> store::Options {
    let url = config.metadata.url.clone();
    store::Options {
        data: data.to_owned(),
        metadata: if url.is_empty() {
            store::Metadata::Sqlite
        } else {
            store::Metadata::Postgres { url }
        },
        points_days: config.retention.points_days,
        logs_days: config.retention.logs_days,
        group_messages: config.commit.messages,
        group_bytes: config.commit.bytes,
        group_delay: Duration::from_millis(config.commit.delay_ms),
    }
}

fn settings(config: &Config) -> Settings {
    let limits = &config.limits;
    Settings {
        content_log: config.log.content,
        device_limits: Arc::new(broker::hub::Limits {
            up_qos0_per_s: limits.up_qos0_per_s,
            up_qos1_per_s: limits.up_qos1_per_s,
            down_per_s: limits.down_per_s,
            payload_bytes: limits.payload_bytes,
            in_flight: limits.in_flight,
            session_s: limits.session_s,
            queue_messages: limits.queue_messages,
            queue_s: limits.queue_s,
            queue_drop_oldest: limits.queue_drop_oldest,
            replay_ms: limits.replay_ms,
            ..broker::hub::Limits::default()
        }),
        connect_every_s: limits.connect_every_s,
        service_sessions: limits.service_sessions,
        instance_rate: limits.instance_rate,
        action_timeout_s: limits.action_timeout_s,
        projects: limits.projects,
        products_per_project: limits.products_per_project,
        devices_per_product: limits.devices_per_product,
        device_ca: None,
    }
}

fn web_options(config: &Config, files: &tls::Files) -> Result<web::Options> {
    let https = config::address(&config.http.tls_listen)?.map(|address| web::TlsDoor {
        address,
        certificate: files.certificate.clone(),
        key: files.key.clone(),
    });
    Ok(web::Options {
        http: config::address(&config.http.listen)?,
        https,
        metrics_open: config.http.metrics_open,
        trusted_proxies: config.http.proxies()?,
        ..web::Options::default()
    })
}

fn broker_options(config: &Config, files: &tls::Files) -> Result<broker::Options> {
    let tls = config::address(&config.mqtt.tls_listen)?.map(|address| TlsDoor {
        address,
        certificate: files.certificate.clone(),
        key: files.key.clone(),
        psk: config.mqtt.psk,
    });
    Ok(broker::Options {
        tcp: config::address(&config.mqtt.listen)?,
        tls,
        greetings_per_address: config.mqtt.greetings_per_address,
        ..broker::Options::default()
    })
}

/// What the console shows to devices. A listener on all addresses is shown as this machine.
fn doors(config: &Config, addresses: &Addresses) -> Doors {
    let shown = |address: SocketAddr| match address.ip() {
        ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    let mqtt = addresses.mqtt.or(addresses.mqtts);
    let address = mqtt.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), shown).to_string();
    let host = if config.mqtt.host.is_empty() { address.clone() } else { config.mqtt.host.clone() };
    let port = |address: Option<SocketAddr>| address.map_or(0, |address| address.port());
    let at = |door: SocketAddr| match config.mqtt.host.as_str() {
        "" => SocketAddr::new(shown(door), door.port()).to_string(),
        host => format!("{host}:{}", door.port()),
    };
    let ws_url = match (addresses.https, addresses.http) {
        (Some(https), _) => format!("wss://{}/mqtt", at(https)),
        (None, Some(http)) => format!("ws://{}/mqtt", at(http)),
        (None, None) => String::new(),
    };
    let (mqtt, mqtts) = (port(addresses.mqtt), port(addresses.mqtts));
    Doors { host, address, mqtt, mqtts, ws_url, ca: String::new() }
}

/// Drops what is past its retention, at start and every hour.
async fn retention(store: Store, stop: CancellationToken) {
    loop {
        if let Err(error) = store.expire().await {
            tracing::error!(?error, "what is past its retention cannot be dropped");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(RETENTION) => {}
        }
    }
}

impl Running {
    /// Where the doors are.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// What the product is made of, for tests in the same process.
    #[must_use]
    pub fn services(&self) -> &Arc<Services> {
        &self.services
    }

    /// The login of the first start; `None` at later ones.
    #[must_use]
    pub fn first_login(&self) -> Option<&FirstLogin> {
        self.first.as_ref()
    }

    /// Tells programs through `ready_file`, and then people on stdout, that the server accepts.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn announce(&self, ready_file: Option<&Path>) -> Result<()> {
        let text = |address: Option<SocketAddr>| address.map(|address| address.to_string());
        let Addresses { http, https, mqtt, mqtts } = self.addresses;
        let mut said = String::new();
        for (name, scheme, address) in [
            ("console and API", "http://", http),
            ("console and API", "https://", https),
            ("devices", "mqtt://", mqtt),
            ("devices, TLS", "mqtts://", mqtts),
        ] {
            if let Some(address) = address {
                said.push_str(&format!("{name:<16} {scheme}{address}\n"));
            }
        }
        if let Some(login) = &self.first {
            said.push_str(&format!(
                "first login      user {}, password {} (also in first-login.json of the data folder)\n",
                login.user_name, login.password
            ));
        }
        if let Some(file) = ready_file {
            let ready = json!({
                "http": text(http), "https": text(https), "mqtt": text(mqtt), "mqtts": text(mqtts),
                "pid": std::process::id(),
            });
            tls::write(file, ready.to_string().as_bytes())?;
        }
        // Nobody reads stdout of a service: that is no reason to stop it.
        drop(std::io::stdout().write_all(said.as_bytes()));
        Ok(())
    }

    /// Resolves when the store cannot keep anything any more; the server must end then.
    pub async fn failed(&self) {
        self.store.failed().await;
    }

    /// Closes the doors, lets what is in progress end, and flushes.
    ///
    /// # Errors
    /// The store could not be flushed.
    pub async fn shutdown(self) -> Result<()> {
        self.stop.cancel();
        self.tasks.close();
        tokio::join!(self.web.shutdown(DOORS), self.broker.shutdown(DOORS));
        if timeout(CALLS, self.services.finish_calls()).await.is_err() {
            tracing::warn!("calls in progress did not end in time");
        }
        if timeout(CALLS, self.tasks.wait()).await.is_err() {
            tracing::warn!("housekeeping did not end in time");
        }
        self.store.close().await?;
        Ok(())
    }

    /// Serves until `stop` or until the store fails.
    pub(crate) async fn serve(self, stop: impl Future<Output = ()>) -> Result<()> {
        tokio::select! {
            () = stop => self.shutdown().await,
            () = self.failed() => bail!("the store failed; what was acknowledged is on disk"),
        }
    }
}
