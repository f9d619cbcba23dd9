//! The place where the process asks for as many open files as it has devices.

use anyhow::{Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the process opens beside its devices' sockets.
const OWN: u64 = 64;

/// Raises the soft limit of open files so that `devices` sockets fit.
///
/// # Errors
/// The hard limit is lower; the text says what to do.
pub fn raise(devices: usize) -> Result<()> {
    let needed = OWN.saturating_add(devices as u64);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|soft| soft >= needed) {
        return Ok(());
    }
    if let Some(hard) = maximum.filter(|hard| *hard < needed) {
        bail!(
            "{devices} devices need {needed} open files, this process may have {hard}: raise the \
             hard limit (ulimit -Hn, LimitNOFILE=) or run several processes with --index and --of"
        );
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_rises_as_far_as_it_may() {
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        raise(1).unwrap();
        if let (Some(soft), Some(hard)) = (current, maximum) {
            raise(usize::try_from(soft.min(hard - OWN)).unwrap()).unwrap();
            let text = raise(usize::try_from(hard).unwrap()).unwrap_err().to_string();
            assert!(text.contains("--of"), "{text}");
        }
    }
}
