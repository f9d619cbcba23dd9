//! A whole HTTP request whose signature is read and never proven: nobody signs by accident.

#![no_main]

use base::Secret;
use cam::sign::{Parts, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|request: &str| {
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let mut lines = head.lines();
    let start = lines.next().unwrap_or_default();
    let (method, target) = start.split_once(' ').unwrap_or((start, "/"));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
    let parts = Parts { method, path, query, headers: &headers, body: body.as_bytes() };
    let Ok(signed) = parse(&parts) else { return };
    let secret = Secret::new("no request of the corpus is signed with this");
    for now in [0, 1_700_000_000, i64::MAX] {
        assert!(signed.verify(Some(&secret), now).is_err());
        assert!(signed.verify(None, now).is_err());
    }
});
