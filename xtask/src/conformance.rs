//! The place where the statements of the MQTT standards meet the tests that name them.
//!
//! A test names a statement by its id in brackets: in its doc comment, or in a comment or message
//! inside it. Python tests do so inside the function.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, Result, bail, ensure};

#[cfg(test)]
mod tests;

const LIST: &str = "docs/mqtt-clauses.txt";
const PAGE: &str = "docs/mqtt-conformance.md";
/// The prefix of the ids, and what the standard is called.
const STANDARDS: [(&str, &str); 2] = [("MQTT-", "MQTT 3.1.1"), ("MQTT5-", "MQTT 5.0")];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Writes nothing; fails when the page is stale.
    #[arg(long)]
    check: bool,
}

/// One statement of a standard.
#[derive(Debug)]
struct Clause {
    id: String,
    binds: Binds,
    asks: String,
    /// Why no test shows it.
    reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Binds {
    Server,
    Client,
    Both,
}

/// From an id to the tests that name it, each `path::function`.
type Tests = BTreeMap<String, Vec<String>>;

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = crate::root();
    let text = fs::read_to_string(root.join(LIST)).context(LIST)?;
    let clauses = clauses(&text)?;
    let tests = scan(&root)?;
    known(&clauses, &tests)?;
    let page = page(&clauses, &tests);
    let path = root.join(PAGE);
    if args.check {
        let there = fs::read_to_string(&path).unwrap_or_default();
        ensure!(there == page, "{PAGE} is stale: cargo xtask conformance");
    } else {
        fs::write(&path, &page).context(PAGE)?;
    }
    for (prefix, name) in STANDARDS {
        let count = Count::of(&clauses, &tests, prefix);
        crate::say(&format!("conformance: {name}: {count}"));
    }
    Ok(())
}

fn clauses(text: &str) -> Result<Vec<Clause>> {
    let mut all = Vec::<Clause>::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut parts = line.split(" | ");
        let (Some(id), Some(binds), Some(asks), reason, None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            bail!("{LIST}: not `id | whom | what | why`: {line}");
        };
        ensure!(ids(&format!("[{id}]")).next() == Some(id), "{LIST}: {id} is no id");
        ensure!(all.iter().all(|one| one.id != id), "{LIST}: {id} comes twice");
        let binds = match binds {
            "server" => Binds::Server,
            "client" => Binds::Client,
            "both" => Binds::Both,
            other => bail!("{LIST}: {id} binds {other}"),
        };
        let (id, asks) = (id.to_owned(), asks.to_owned());
        all.push(Clause { id, binds, asks, reason: reason.map(str::to_owned) });
    }
    Ok(all)
}

/// The ids in brackets, `MQTT-3.1.2-24` or `MQTT5-3.1.2-24`. A bracket without the last number
/// is a section and not an id.
fn ids(line: &str) -> impl Iterator<Item = &str> {
    line.split('[').skip(1).filter_map(|rest| {
        let (id, _) = rest.split_once(']')?;
        let number = id.strip_prefix("MQTT5-").or_else(|| id.strip_prefix("MQTT-"))?;
        let (section, last) = number.split_once('-')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        (section.split('.').all(digits) && digits(last)).then_some(id)
    })
}

fn scan(root: &Path) -> Result<Tests> {
    let mut tests = Tests::new();
    let mut files = Vec::new();
    for top in ["crates", "tests/it", "tests/blackbox"] {
        walk(root, &root.join(top), &mut files)?;
    }
    files.sort();
    for path in files {
        let rust = path.ends_with(".rs") && (path.starts_with("tests/") || path.contains("/tests"));
        let python = path.ends_with(".py");
        if rust || python {
            let text = fs::read_to_string(root.join(&path)).with_context(|| path.clone())?;
            let named = if rust { named_in_rust(&text) } else { named_in_python(&text) };
            for (id, function) in named.with_context(|| path.clone())? {
                let all = tests.entry(id).or_default();
                let test = format!("{path}::{function}");
                if !all.contains(&test) {
                    all.push(test);
                }
            }
        }
    }
    Ok(tests)
}

/// The Rust and Python files of a folder, from the root.
fn walk(root: &Path, folder: &Path, files: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            walk(root, &path, files)?;
        } else if path.extension().is_some_and(|end| end == "rs" || end == "py") {
            files.push(path.strip_prefix(root)?.to_string_lossy().into_owned());
        }
    }
    Ok(())
}

/// Id and function. Ids above a function belong to it, as those in its body do.
fn named_in_rust(text: &str) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut above = Vec::<String>::new();
    let mut attribute = false;
    let mut function: Option<(String, bool)> = None;
    for line in text.lines() {
        let code = line.trim_start();
        if code.starts_with("#[test]") || code.starts_with("#[tokio::test") {
            attribute = true;
        } else if let Some(name) = function_name(code) {
            found.extend(above.drain(..).map(|id| (id, name.to_owned(), attribute)));
            function = Some((name.to_owned(), attribute));
            attribute = false;
        }
        let here = ids(line).map(str::to_owned);
        match &function {
            _ if code.starts_with("//!") => {}
            _ if code.starts_with("///") => above.extend(here),
            Some((name, test)) => found.extend(here.map(|id| (id, name.clone(), *test))),
            None => ensure!(here.count() == 0, "an id outside a test: {code}"),
        }
    }
    found
        .into_iter()
        .map(|(id, name, test)| {
            ensure!(test, "{id} is named by {name}, which is no test");
            Ok((id, name))
        })
        .collect()
}

fn function_name(code: &str) -> Option<&str> {
    let rest = code.trim_start_matches("pub(crate) ").trim_start_matches("async ");
    let rest = rest.strip_prefix("fn ")?;
    rest.split(['(', '<']).next()
}

fn named_in_python(text: &str) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut function = None;
    for line in text.lines() {
        let code = line.trim_start();
        let rest = code.strip_prefix("async ").unwrap_or(code);
        if let Some(rest) = rest.strip_prefix("def ") {
            function = rest.split('(').next();
        }
        for id in ids(line) {
            let name = function.filter(|name| name.starts_with("test_"));
            let name = name.with_context(|| format!("{id} is named outside a test"))?;
            found.push((id.to_owned(), name.to_owned()));
        }
    }
    Ok(found)
}

fn known(clauses: &[Clause], tests: &Tests) -> Result<()> {
    let faults: Vec<String> = tests
        .iter()
        .filter(|(id, _)| clauses.iter().all(|clause| clause.id != **id))
        .map(|(id, tests)| format!("{id} is in no standard, but in {}", tests.join(", ")))
        .collect();
    ensure!(faults.is_empty(), "{}", faults.join("\n  "));
    Ok(())
}

/// How the statements of one standard stand.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    all: usize,
    tested: usize,
    client: usize,
    reasoned: usize,
    open: usize,
}

impl Count {
    fn of(clauses: &[Clause], tests: &Tests, prefix: &str) -> Self {
        let mut count = Self::default();
        for clause in clauses.iter().filter(|clause| clause.id.starts_with(prefix)) {
            count.all += 1;
            match standing(clause, tests) {
                Standing::Tested(_) => count.tested += 1,
                Standing::Reasoned(_) => count.reasoned += 1,
                Standing::Client => count.client += 1,
                Standing::Open => count.open += 1,
            }
        }
        count
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { all, tested, client, reasoned, open } = self;
        write!(
            f,
            "{all} statements: {tested} tested, {client} bind only clients, {reasoned} with a reason, {open} open"
        )
    }
}

enum Standing<'a> {
    Tested(&'a [String]),
    Reasoned(&'a str),
    Client,
    Open,
}

fn standing<'a>(clause: &'a Clause, tests: &'a Tests) -> Standing<'a> {
    match (tests.get(&clause.id), &clause.reason) {
        (Some(tests), _) => Standing::Tested(tests),
        (None, Some(reason)) => Standing::Reasoned(reason),
        (None, None) if clause.binds == Binds::Client => Standing::Client,
        (None, None) => Standing::Open,
    }
}

fn page(clauses: &[Clause], tests: &Tests) -> String {
    let mut page = String::from(
        "<!-- GENERATED by `cargo xtask conformance` from mqtt-clauses.txt and the tests. -->\n\
         # MQTT conformance\n\n\
         Every numbered statement of the two OASIS standards, in our words, with the tests that show it or the reason\n\
         why none does. Statements that bind only clients are listed without a test.\n\n",
    );
    for (prefix, name) in STANDARDS {
        writeln!(page, "- {name}: {}", Count::of(clauses, tests, prefix)).expect("a string grows");
    }
    page.push_str("\n## Open\n\n");
    let open = clauses.iter().filter(|clause| matches!(standing(clause, tests), Standing::Open));
    let open: Vec<String> = open.map(|one| format!("- {}: {}\n", one.id, one.asks)).collect();
    page.push_str(&if open.is_empty() { "None.\n".to_owned() } else { open.concat() });
    for (prefix, name) in STANDARDS {
        write!(page, "\n## {name}\n\n| id | statement | shown by |\n|---|---|---|\n")
            .expect("a string grows");
        for clause in clauses.iter().filter(|clause| clause.id.starts_with(prefix)) {
            let shown = match standing(clause, tests) {
                Standing::Tested(tests) => {
                    let tests: Vec<String> = tests.iter().map(|one| format!("`{one}`")).collect();
                    tests.join("<br>")
                }
                Standing::Reasoned(reason) => format!("no test: {reason}"),
                Standing::Client => "binds the client".to_owned(),
                Standing::Open => "**open**".to_owned(),
            };
            writeln!(page, "| {} | {} | {shown} |", clause.id, clause.asks)
                .expect("a string grows");
        }
    }
    page
}
