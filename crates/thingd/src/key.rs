//! The place where `thingd key` makes, lists and revokes the keys of service clients: through the
//! server that serves the folder, or in the folder itself when none does.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, bail};
use base::{Code, Error, RequestId, Secret};
use clap::{Args, Subcommand};
use platform::{Cx, Routes, Services, account};
use serde_json::{Value, json};
use store::Store;

use crate::{
    Options,
    fleet::cloud::{Account, Cloud},
    server::open_stores,
};

const EXAMPLES: &str = "\
Examples:
  A backend that reads all that the devices of the enterprise instance report:
    thingd key create --data ./data --instance enterprise --remark 'data lake'
  One that sees two products, and publishes to topics of its own alone:
    thingd key create --instance enterprise --products ABCDE12345,FGHIJ67890 --publish 'plant/#'
  While a server runs that listens elsewhere:
    thingd key list --data ./data --api http://127.0.0.1:9090

The root key of first-login.json in the data folder signs. A folder that a server serves is
reached through --api; otherwise the folder is opened, and --config must name the server's
configuration if that changes where the metadata is.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a service client; its token is shown once.
    Create(Create),
    /// List service clients.
    List {
        #[command(flatten)]
        at: At,
        /// Of which instance: its id, `public` or `enterprise` [default: all].
        #[arg(long, value_name = "ID")]
        instance: Option<String>,
    },
    /// Delete a service client; its connections end.
    Revoke {
        /// Its user name.
        user_name: String,
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, Args)]
struct Create {
    #[command(flatten)]
    at: At,
    /// Of which instance: its id, `public` or `enterprise`.
    #[arg(long, value_name = "ID")]
    instance: String,
    /// What it is for.
    #[arg(long, value_name = "TEXT", default_value = "")]
    remark: String,
    /// Whose device topics it may use [default: all products of the instance].
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    products: Option<Vec<String>>,
    /// Filters of topics that it may publish to; empty: none [default: #].
    #[arg(long, value_name = "FILTERS", value_delimiter = ',')]
    publish: Option<Vec<String>>,
    /// Filters that it may subscribe within; empty: none [default: #].
    #[arg(long, value_name = "FILTERS", value_delimiter = ',')]
    subscribe: Option<Vec<String>>,
}

#[derive(Debug, Args)]
struct At {
    /// The server's data folder.
    #[arg(long, value_name = "DIR", default_value = "./data")]
    data: PathBuf,
    /// The server's configuration, if no server runs.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The running server; http://127.0.0.1:8080 if one serves the folder.
    #[arg(long, value_name = "URL")]
    api: Option<String>,
    /// Checks the certificate of an https server.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// `text` or `json`.
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    output: String,
}

/// Where a server listens that was not told otherwise.
const API: &str = "http://127.0.0.1:8080";
/// The most that one list call answers.
const PAGE: usize = 1000;

impl Flags {
    fn at(&self) -> &At {
        match &self.command {
            Command::Create(Create { at, .. })
            | Command::List { at, .. }
            | Command::Revoke { at, .. } => at,
        }
    }

    /// Where the configuration is, if the folder must be opened.
    pub(crate) fn config(&self) -> Option<&Path> {
        self.at().config.as_deref()
    }

    pub(crate) fn data(&self) -> &Path {
        &self.at().data
    }
}

/// Runs the command; the text for stdout.
///
/// # Errors
/// Neither the server nor the folder can be reached, or it refused.
pub(crate) async fn run(flags: &Flags, options: Options) -> Result<String> {
    let at = flags.at();
    let login = Login::read(&at.data)?;
    let mut road = Road::open(at, &login, options).await?;
    let done = match &flags.command {
        Command::Create(create) => self::create(&mut road, &login, create).await,
        Command::List { instance, .. } => list(&mut road, &login, instance.as_deref()).await,
        Command::Revoke { user_name, .. } => revoke(&mut road, user_name).await,
    };
    road.close().await?;
    let (json, text) = done?;
    Ok(if at.output == "json" { format!("{json}\n") } else { text })
}

async fn create(road: &mut Road, login: &Login, create: &Create) -> Result<(Value, String)> {
    let instance = login.instance(&create.instance);
    let mut params = json!({ "InstanceId": instance, "Remark": create.remark });
    for (name, given) in [
        ("Products", &create.products),
        ("Publish", &create.publish),
        ("Subscribe", &create.subscribe),
    ] {
        if let (Some(list), Some(all)) = (given, params.as_object_mut()) {
            let list: Vec<&String> = list.iter().filter(|one| !one.is_empty()).collect();
            all.insert(name.into(), json!(list));
        }
    }
    let made = road.call("CreateServiceClient", params).await?;
    let text = format!(
        "user name  {}\npassword   {}\n(the password is not shown again)\n",
        field(&made, "UserName")?,
        field(&made, "Token")?
    );
    Ok((json!({ "UserName": made["UserName"], "Token": made["Token"] }), text))
}

async fn list(road: &mut Road, login: &Login, instance: Option<&str>) -> Result<(Value, String)> {
    let instances = match instance {
        Some(instance) => vec![login.instance(instance).to_owned()],
        None => road.instances().await?,
    };
    let (mut all, mut text) = (Vec::new(), String::new());
    for instance in instances {
        for mut client in road.clients(&instance).await? {
            text.push_str(&line(&instance, &client));
            if let Some(fields) = client.as_object_mut() {
                fields.insert("InstanceId".into(), instance.as_str().into());
            }
            all.push(client);
        }
    }
    if all.is_empty() {
        text.push_str("no service clients\n");
    }
    Ok((Value::Array(all), text))
}

fn line(instance: &str, client: &Value) -> String {
    let joined = |name: &str| {
        let list = client.get(name).and_then(Value::as_array);
        let texts = list.into_iter().flatten().filter_map(Value::as_str);
        texts.collect::<Vec<_>>().join(",")
    };
    let name = client.get("UserName").and_then(Value::as_str).unwrap_or_default();
    let remark = client.get("Remark").and_then(Value::as_str).unwrap_or_default();
    let enabled = client.get("Enabled").and_then(Value::as_bool).unwrap_or_default();
    let (products, publish) = (joined("Products"), joined("Publish"));
    format!(
        "{name}  {instance}  {:<8}  products {products}  publish {publish}  subscribe {}  {}\n",
        if enabled { "enabled" } else { "disabled" },
        joined("Subscribe"),
        // A remark is one line here.
        remark.replace(char::is_control, " "),
    )
}

async fn revoke(road: &mut Road, user_name: &str) -> Result<(Value, String)> {
    for instance in road.instances().await? {
        let clients = road.clients(&instance).await?;
        if clients.iter().any(|client| client["UserName"] == user_name) {
            let params = json!({ "InstanceId": instance, "UserName": user_name });
            road.call("DeleteServiceClient", params).await?;
            let done = json!({ "UserName": user_name, "InstanceId": instance });
            return Ok((done, format!("{user_name} is revoked\n")));
        }
    }
    bail!("no instance has a service client {user_name:?}")
}

fn field<'a>(of: &'a Value, name: &str) -> Result<&'a str> {
    of.get(name).and_then(Value::as_str).with_context(|| format!("the answer has no {name}"))
}

/// What the first start wrote down.
struct Login(Value);

impl Login {
    fn read(data: &Path) -> Result<Self> {
        let file = data.join("first-login.json");
        let text = std::fs::read(&file)
            .with_context(|| format!("cannot read {}: is --data right?", file.display()))?;
        let login = serde_json::from_slice(&text);
        Ok(Self(login.with_context(|| format!("{} is damaged", file.display()))?))
    }

    fn field(&self, name: &str) -> Result<&str> {
        let found = self.0.get(name).and_then(Value::as_str);
        found.with_context(|| format!("first-login.json has no {name}"))
    }

    /// The id of an instance that may be given by its kind.
    fn instance<'a>(&'a self, given: &'a str) -> &'a str {
        let named = match given {
            "public" => self.field("PublicInstanceId"),
            "enterprise" => self.field("EnterpriseInstanceId"),
            _ => Ok(given),
        };
        named.unwrap_or(given)
    }
}

/// How the operations are reached.
enum Road {
    Server(Box<Cloud>),
    Folder(Store, Cx, Routes),
}

impl Road {
    /// The server if one is named or has the folder; else the folder.
    async fn open(at: &At, login: &Login, options: Options) -> Result<Self> {
        let server = async |url: &str| {
            let key = Secret::new(login.field("SecretKey")?);
            let account = Account::new(url, at.ca.as_deref(), login.field("SecretId")?, key)?;
            anyhow::Ok(Self::Server(Box::new(account.connect().await?)))
        };
        if let Some(url) = &at.api {
            return server(url).await;
        }
        match open_stores(&options).await {
            Ok((store, services)) => Self::folder(store, &services, login).await,
            Err(error) if in_use(&error) => server(API).await.with_context(|| {
                format!("another thingd serves {}, but not at {API}: give --api", at.data.display())
            }),
            Err(error) => Err(error),
        }
    }

    async fn folder(store: Store, services: &Arc<Services>, login: &Login) -> Result<Self> {
        let Some((caller, _)) = account::key(services, login.field("SecretId")?) else {
            store.close().await?;
            bail!("the metadata does not know the key of first-login.json: is --config right?")
        };
        let request = RequestId(services.rand.uuid());
        let cx = Cx::new(services.clone(), caller, request, false);
        Ok(Self::Folder(store, cx, Routes::all()))
    }

    async fn call(&mut self, action: &str, params: Value) -> Result<Value> {
        match self {
            Self::Server(cloud) => cloud.call(action, &params).await,
            Self::Folder(_, cx, routes) => {
                let info =
                    api::registry::find(action).with_context(|| format!("no action {action}"))?;
                let params = api::params::check(info, params)?;
                let answer = routes.call(cx.clone(), info, params).await?;
                Ok(serde_json::from_slice(&answer)?)
            }
        }
    }

    async fn instances(&mut self) -> Result<Vec<String>> {
        let answer = self.call("DescribeInstances", json!({ "Limit": PAGE })).await?;
        let all = answer.get("Instances").and_then(Value::as_array);
        let ids = all.into_iter().flatten().map(|one| field(one, "InstanceId").map(Into::into));
        ids.collect()
    }

    async fn clients(&mut self, instance: &str) -> Result<Vec<Value>> {
        let params = json!({ "InstanceId": instance, "Limit": PAGE });
        let mut answer = self.call("DescribeServiceClients", params).await?;
        let clients = answer.get_mut("Clients").and_then(Value::as_array_mut);
        Ok(clients.map(std::mem::take).unwrap_or_default())
    }

    /// A folder is closed as a server closes it.
    async fn close(self) -> Result<()> {
        let Self::Folder(store, cx, _) = self else { return Ok(()) };
        cx.finish_calls().await;
        Ok(store.close().await?)
    }
}

fn in_use(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Error>().is_some_and(|error| error.code() == Code::ResourceInUse)
}
