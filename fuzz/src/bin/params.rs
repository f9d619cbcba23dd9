//! The parameters of an action, as JSON or as a form, against the action's shape.

#![no_main]

use api::{params, registry};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let Some((action, body)) = input.split_once('\n') else { return };
    let all = registry::all();
    // A name that is none still chooses an action.
    let any = action.bytes().fold(0, |sum, byte| sum + usize::from(byte)) % all.len();
    let info = registry::find(action).unwrap_or(all[any]);
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    let pairs = pairs.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let given = [params::from_json(body.as_bytes()), params::from_pairs(pairs)];
    for given in given.into_iter().flatten() {
        let Ok(plain) = params::check(info, given) else { continue };
        let again = params::check(info, plain.clone()).expect("what passed, passes");
        assert_eq!(again, plain, "the check changes only once");
    }
});
