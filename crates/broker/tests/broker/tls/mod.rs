//! The TLS door: keys, certificates, and what is not allowed.

mod doorkeeper;
mod papers;

use std::time::Duration;

use openssl::{
    hash::MessageDigest,
    ssl::{SslSessionCacheMode, SslVersion},
};

use self::{
    doorkeeper::{House, KEY, show, speaks, with_key, with_paper},
    papers::{Paper, Wanted, authority, wanted},
};
use crate::client::{Client, connect};

const BOTH: [SslVersion; 2] = [SslVersion::TLS1_2, SslVersion::TLS1_3];

#[tokio::test]
async fn the_suites_of_the_c_sdk_and_better_ones_prove_the_identity() {
    let house = House::start().await;
    for suite in [
        "PSK-AES128-CBC-SHA",
        "PSK-AES256-CBC-SHA",
        "PSK-AES128-GCM-SHA256",
        "ECDHE-PSK-AES128-CBC-SHA256",
        "ECDHE-PSK-CHACHA20-POLY1305",
    ] {
        let mut context = with_key(SslVersion::TLS1_2, "lamp", &KEY);
        context.set_cipher_list(suite).unwrap();
        let context = context.build();
        let stream = house.greet(&context).await.unwrap();
        assert_eq!(stream.ssl().current_cipher().unwrap().name(), suite);
        let (mut client, (psk, certificate)) = house.enter(&context, "lamp").await;
        assert_eq!((psk.as_deref(), certificate), (Some(&b"lamp"[..]), None), "{suite}");
        client.pings().await;
    }
}

#[tokio::test]
async fn a_key_works_in_tls_1_3_too() {
    let house = House::start().await;
    let context = with_key(SslVersion::TLS1_3, "lamp", &KEY).build();
    let (mut client, (psk, _)) = house.enter(&context, "lamp").await;
    assert_eq!(psk.as_deref(), Some(&b"lamp"[..]));
    client.pings().await;
}

/// A46: nobody learns from the handshake which identities exist.
#[tokio::test]
async fn a46_an_unknown_identity_ends_like_a_wrong_key() {
    let house = House::start().await;
    for version in BOTH {
        let mut ends = Vec::new();
        for (identity, key) in [("lamp", &[0; 16]), ("none", &KEY), ("none", &[0; 16])] {
            let context = with_key(version, identity, key).build();
            ends.push(house.greet(&context).await.unwrap_err().to_string());
        }
        assert!(ends.iter().all(|end| *end == ends[0] && end.contains("alert")), "{ends:?}");
    }
    assert!(house.keeper.proofs.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_an_identity_leaves_a_1_3_client_the_certificate() {
    let house = House::start().await;
    let context = with_key(SslVersion::TLS1_3, "a ticket of\u{1} another server", &KEY).build();
    let (_, proof) = house.enter(&context, "lamp").await;
    assert_eq!(proof, (None, None));
}

#[tokio::test]
async fn keys_can_be_switched_off() {
    let house = House::with(|options| options.tls.as_mut().unwrap().psk = false).await;
    let context = with_key(SslVersion::TLS1_2, "lamp", &KEY).build();
    let error = house.greet(&context).await.unwrap_err().to_string();
    assert!(error.contains("handshake failure"), "{error}");
    let context = with_key(SslVersion::TLS1_3, "lamp", &KEY).build();
    assert_eq!(house.enter(&context, "lamp").await.1, (None, None));
}

/// The server is not talked into a key by who has a certificate suite, nor the other way round.
#[tokio::test]
async fn who_offers_both_gets_the_certificate_suite() {
    let house = House::start().await;
    let mut context = with_key(SslVersion::TLS1_2, "lamp", &KEY);
    context.set_cipher_list("ECDHE-ECDSA-AES128-GCM-SHA256:PSK-AES128-CBC-SHA").unwrap();
    assert_eq!(house.enter(&context.build(), "lamp").await.1, (None, None));
}

#[tokio::test]
async fn any_certificate_is_told_by_its_fingerprint() {
    let house = House::start().await;
    let own = wanted("lamp", None).make();
    let rsa = Wanted { rsa_bits: Some(2048), ..wanted("lamp", None) }.make();
    for (version, paper) in BOTH.into_iter().flat_map(|version| [(version, &own), (version, &rsa)])
    {
        let context = with_paper(version, paper, &[]);
        let (mut client, (psk, certificate)) = house.enter(&context, "lamp").await;
        let certificate = certificate.unwrap();
        assert_eq!((psk, certificate.authority), (None, None));
        assert_eq!(certificate.fingerprint, paper.fingerprint());
        assert_eq!(certificate.common_name.as_deref(), Some("lamp"));
        assert_eq!(certificate.not_after, crate::world::START + 365 * 86_400_000);
        client.pings().await;
    }
    // Who shows none is served, too.
    assert_eq!(house.enter(&speaks(SslVersion::TLS1_3).build(), "lamp").await.1, (None, None));
}

/// The authority that a client with `paper` is found to have.
async fn vouched(house: &House, paper: &Paper, between: &[&Paper]) -> Option<[u8; 32]> {
    let context = with_paper(SslVersion::TLS1_3, paper, between);
    house.enter(&context, "lamp").await.1.1.unwrap().authority
}

fn known(house: &House, authorities: &[&Paper]) {
    let ders = authorities.iter().map(|paper| paper.der()).collect();
    *house.keeper.authorities.lock().unwrap() = ders;
    house.broker.handle().reload_authorities();
}

#[tokio::test]
async fn a_chain_leads_to_its_authority() {
    let house = House::start().await;
    let root = authority("root", None);
    let between = authority("between", Some(&root));
    let direct = wanted("lamp", Some(&root)).make();
    let deep = wanted("lamp", Some(&between)).make();
    assert_eq!(vouched(&house, &direct, &[]).await, None, "nobody is known");
    known(&house, &[&root]);
    assert_eq!(vouched(&house, &direct, &[]).await, Some(root.fingerprint()));
    assert_eq!(vouched(&house, &deep, &[&between]).await, Some(root.fingerprint()));
    assert_eq!(vouched(&house, &deep, &[]).await, None, "a link is missing");
    // One that is not a root itself may be known, too.
    known(&house, &[&between]);
    assert_eq!(vouched(&house, &deep, &[]).await, Some(between.fingerprint()));
    assert_eq!(vouched(&house, &direct, &[]).await, None);
    known(&house, &[]);
    assert_eq!(vouched(&house, &deep, &[&between, &root]).await, None);
}

/// A8: another tenant's authority of the same name neither vouches nor stands in the way.
#[tokio::test]
async fn a08_authorities_of_one_name_are_told_apart() {
    let house = House::start().await;
    let (ours, theirs) = (authority("root", None), authority("root", None));
    for order in [[&ours, &theirs], [&theirs, &ours]] {
        known(&house, &order);
        for root in order {
            let paper = wanted("lamp", Some(root)).make();
            assert_eq!(vouched(&house, &paper, &[]).await, Some(root.fingerprint()));
        }
    }
    known(&house, &[&theirs]);
    assert_eq!(vouched(&house, &wanted("lamp", Some(&ours)).make(), &[]).await, None);
}

/// A8: what no authority may vouch for.
#[tokio::test]
async fn a08_weak_stale_and_endless_chains_lead_nowhere() {
    let house = House::start().await;
    let root = authority("root", None);
    let weak_root = Wanted { ca: true, rsa_bits: Some(1024), ..wanted("weak", None) }.make();
    let stale_root = Wanted { ca: true, days: (-9, -1), ..wanted("stale", None) }.make();
    known(&house, &[&root, &weak_root, &stale_root]);
    let issued = || wanted("lamp", Some(&root));
    assert_eq!(vouched(&house, &issued().make(), &[]).await, Some(root.fingerprint()));
    for (what, paper) in [
        ("over", Wanted { days: (-9, -1), ..issued() }),
        ("not yet", Wanted { days: (1, 9), ..issued() }),
        ("short key", Wanted { rsa_bits: Some(1024), ..issued() }),
        ("old digest", Wanted { digest: MessageDigest::sha1(), ..issued() }),
        ("authority's short key", wanted("lamp", Some(&weak_root))),
        ("authority is over", wanted("lamp", Some(&stale_root))),
    ] {
        assert_eq!(vouched(&house, &paper.make(), &[]).await, None, "{what}");
    }
    let not_a_ca = issued().make();
    let by_it = wanted("lamp", Some(&not_a_ca)).make();
    assert_eq!(vouched(&house, &by_it, &[&not_a_ca]).await, None, "issued by a device");

    let mut chain = vec![authority("0", Some(&root))];
    for depth in 1..20 {
        chain.push(authority(&depth.to_string(), chain.last()));
    }
    let paper = wanted("lamp", chain.last()).make();
    let between: Vec<&Paper> = chain.iter().rev().collect();
    assert_eq!(vouched(&house, &paper, &between).await, None, "too deep");
}

/// A7.
#[tokio::test]
async fn a07_there_are_no_tickets_no_sessions_and_no_early_data() {
    let house = House::start().await;
    for version in BOTH {
        let mut context = speaks(version);
        context.set_session_cache_mode(SslSessionCacheMode::CLIENT);
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        context.set_new_session_callback(move |_, session| {
            tell.send(session.max_early_data()).unwrap_or_default();
        });
        let context = context.build();
        let (mut client, _) = house.enter(&context, "lamp").await;
        client.pings().await;
        assert!(told.try_recv().is_err(), "{version:?}");
    }
}

/// F29.
#[tokio::test]
async fn f29_a_replaced_certificate_leaves_connections_alone() {
    let house = House::start().await;
    let context = speaks(SslVersion::TLS1_3).build();
    let (mut client, _) = house.enter(&context, "lamp").await;
    let fresh = wanted("server", None).make();
    show(house.folder.path(), &fresh);
    house.broker.reload_tls().unwrap();
    let stream = house.greet(&context).await.unwrap();
    assert_eq!(stream.ssl().peer_certificate().unwrap().to_der().unwrap(), fresh.der());
    client.pings().await;
}

/// A5: who opens connections and says nothing has a bound of its own and a limit of time.
#[tokio::test]
async fn a05_one_address_cannot_take_all_places() {
    let house = House::with(|options| {
        options.greetings_per_address = 2;
        options.handshake = Duration::from_millis(300);
    })
    .await;
    let mut silent = [house.socket().await, house.socket().await].map(Client::new);
    let mut third = Client::new(house.socket().await);
    assert!(third.gone().await, "the third is closed at once");
    for client in &mut silent {
        assert!(client.gone().await, "the handshake took too long");
    }
    // Their places are free; who is let in takes none.
    let context = speaks(SslVersion::TLS1_3).build();
    let mut clients = Vec::new();
    for id in ["a", "b", "c"] {
        clients.push(house.enter(&context, id).await.0);
    }
    for client in &mut clients {
        client.pings().await;
    }
}

/// A5: half handshakes, however many, do not keep others from coming in.
#[tokio::test]
async fn a05_half_handshakes_do_not_hold_up_others() {
    let house = House::start().await;
    let mut half = Vec::new();
    for _ in 0..300 {
        let mut client = Client::new(house.socket().await);
        // A record header that promises more than ever comes.
        client.send(&[0x16, 3, 1, 2, 0, 1]).await;
        half.push(client);
    }
    let context = speaks(SslVersion::TLS1_3).build();
    let mut stream = Client::new(house.greet(&context).await.unwrap());
    stream.send(&connect("lamp")).await;
    assert_eq!(stream.next().await, crate::client::connack(0));
}
