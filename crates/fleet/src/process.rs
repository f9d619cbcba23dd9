//! The place where a server on this machine is looked at from outside: its memory, its CPU time.

use anyhow::{Context as _, Result};

/// Resident memory of a process in bytes, from `/proc/PID/status`.
///
/// # Errors
/// There is no such process.
pub fn resident(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))
        .with_context(|| format!("process {pid} is gone"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim_end().parse()?;
    Ok(kib * 1024)
}

/// User and system time of a process, from `/proc/PID/stat` (fields 14 and 15, in ticks of 10 ms).
///
/// # Errors
/// There is no such process.
pub fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .with_context(|| format!("process {pid} is gone"))?;
    let after_name = stat.rsplit_once(')').context("unknown form of /proc/PID/stat")?.1;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let (user, system): (u32, u32) = (
        fields.next().context("no user time")?.parse()?,
        fields.next().context("no system time")?.parse()?,
    );
    Ok(f64::from(user + system) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_sees_itself() {
        let own = std::process::id();
        assert!(resident(own).unwrap() > 1 << 20);
        assert!(cpu_seconds(own).unwrap() >= 0.0);
        assert!(resident(u32::MAX).is_err());
    }
}
