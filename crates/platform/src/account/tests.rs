//! Users, keys and sessions, through the functions that the doors call.

use std::net::IpAddr;

use base::{Code, Secret, Uin};
use serde_json::json;

use super::*;
use crate::tests::{Bed, PASSWORD, both};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const HOUR: Millis = 3_600_000;

impl Bed {
    async fn enter(&self, password: &str) -> Result<String> {
        self.enter_from(password, HERE).await
    }

    async fn enter_from(&self, password: &str, peer: IpAddr) -> Result<String> {
        let login = login(&self.services, "root".into(), Secret::new(password), peer).await;
        login.map(|(token, _)| token)
    }
}

both!(the_first_start_makes_everything_once);
async fn the_first_start_makes_everything_once(bed: Bed) {
    let login = &bed.login;
    assert_eq!((login.user_name.as_str(), login.password.as_str()), ("root", PASSWORD));
    assert_eq!((login.uin.len(), login.secret_id.len(), login.secret_key.len()), (12, 36, 32));
    let file = serde_json::to_value(login).unwrap();
    assert_eq!(file["EnterpriseProjectId"], login.enterprise_project_id);
    assert_eq!(format!("{login:?}"), "FirstLogin(..)");
    assert!(bed.services.first_start(Root::default(), |_| Ok(())).await.unwrap().is_none());
    let all = bed.ok("DescribeInstances", json!({})).await;
    let types: Vec<_> =
        all["Instances"].as_array().unwrap().iter().map(|i| &i["InstanceType"]).collect();
    assert_eq!((types, &all["Total"]), (vec![&json!(1), &json!(0)], &json!(2)));
    assert_eq!(all["Instances"][0]["InstanceId"], login.enterprise_instance_id);
    assert_eq!(all["Instances"][0]["DefaultProjectId"], login.enterprise_project_id);
    assert_eq!(all["Instances"][1]["DefaultProjectId"], login.public_project_id);
    assert_eq!(all["Instances"][1]["TotalDeviceNum"], 100);
}

both!(the_key_is_known_after_a_restart);
async fn the_key_is_known_after_a_restart(bed: Bed) {
    let bed = bed.restart().await;
    let (caller, secret) = key(&bed.services, &bed.login.secret_id).unwrap();
    assert_eq!(secret, Secret::new(bed.login.secret_key.as_str()));
    assert_eq!(caller.uin.to_string(), bed.login.uin);
    assert!(caller.root);
    assert!(key(&bed.services, "AKIDnobody").is_none());
}

both!(a_session_survives_a_restart_and_ends);
async fn a_session_survives_a_restart_and_ends(bed: Bed) {
    let token = bed.enter(PASSWORD).await.unwrap();
    assert_eq!(token.len(), 64);
    assert_eq!(session(&bed.services, &token).unwrap().user, "root");
    bed.clock.advance(11 * HOUR);
    assert!(session(&bed.services, &token).is_some());
    // The page asks for its session, and so SQL hears of the use.
    bed.ok("DescribeSession", json!({})).await;
    bed.clock.advance(11 * HOUR);
    let bed = bed.restart().await;
    assert!(session(&bed.services, &token).is_some());
    logout(&bed.services, &token).await.unwrap();
    assert!(session(&bed.services, &token).is_none());
    let other = bed.enter(PASSWORD).await.unwrap();
    bed.clock.advance(12 * HOUR);
    assert!(session(&bed.services, &other).is_none());
    let bed = bed.restart().await;
    assert!(tables::sessions(&bed.services.store).await.unwrap().is_empty());
    for nothing in ["", "x", &token] {
        assert!(session(&bed.services, nothing).is_none());
        logout(&bed.services, nothing).await.unwrap();
    }
}

both!(wrong_logins_are_refused_and_then_not_even_tried);
async fn wrong_logins_are_refused_and_then_not_even_tried(bed: Bed) {
    let nobody = login(&bed.services, "nobody".into(), Secret::new("x"), HERE).await.unwrap_err();
    assert_eq!(nobody.code(), Code::AuthFailure);
    for _ in 0..5 {
        assert_eq!(bed.enter("wrong").await.unwrap_err().code(), Code::AuthFailure);
    }
    let refused = bed.enter(PASSWORD).await.unwrap_err();
    assert_eq!(refused.code(), Code::RequestLimitExceeded);
    bed.clock.advance(300_000);
    bed.enter(PASSWORD).await.unwrap();
}

both!(a_new_password_ends_all_sessions);
async fn a_new_password_ends_all_sessions(bed: Bed) {
    let token = bed.enter(PASSWORD).await.unwrap();
    let change = |old: &str, new: &str| json!({ "OldPassword": old, "NewPassword": new });
    let wrong = bed.code("ModifyPassword", change("wrong", "battery staple")).await;
    assert_eq!(wrong, Code::AuthFailure);
    let short = bed.code("ModifyPassword", change(PASSWORD, "short")).await;
    assert_eq!(short, Code::InvalidParameterValue);
    assert!(session(&bed.services, &token).is_some());
    bed.ok("ModifyPassword", change(PASSWORD, "battery staple")).await;
    assert!(session(&bed.services, &token).is_none());
    let bed = bed.restart().await;
    assert!(session(&bed.services, &token).is_none());
    assert_eq!(bed.enter(PASSWORD).await.unwrap_err().code(), Code::AuthFailure);
    bed.enter("battery staple").await.unwrap();
}

both!(a_login_that_a_new_password_overtakes_is_none);
async fn a_login_that_a_new_password_overtakes_is_none(bed: Bed) {
    let old = Secret::new(PASSWORD);
    let proved = prove(&bed.services, "root", &old, HERE).await.unwrap();
    set_password(&bed.cx(), &old, &Secret::new("battery staple")).await.unwrap();
    assert_eq!(begin(&bed.services, proved).await.unwrap_err().code(), Code::AuthFailure);
    assert!(tables::sessions(&bed.services.store).await.unwrap().is_empty());
}

both!(no_login_outlives_the_password_it_was_proved_with);
async fn no_login_outlives_the_password_it_was_proved_with(bed: Bed) {
    let cx = bed.cx();
    let enter = |n: u8| bed.enter_from(PASSWORD, IpAddr::V4(Ipv4Addr::new(10, 0, 0, n)));
    let (old, new) = (Secret::new(PASSWORD), Secret::new("battery staple"));
    let (changed, a, b, c, d) =
        tokio::join!(set_password(&cx, &old, &new), enter(1), enter(2), enter(3), enter(4));
    changed.unwrap();
    for token in [a, b, c, d].into_iter().flatten() {
        assert!(session(&bed.services, &token).is_none());
    }
    assert!(tables::sessions(&bed.services.store).await.unwrap().is_empty());
}

/// Polls it once, so that it has begun, and drops it.
async fn leave<T>(call: impl Future<Output = T>) {
    let mut call = std::pin::pin!(call);
    let begun = std::future::poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx))).await;
    assert!(begun.is_pending());
}

both!(a_login_and_a_logout_end_even_if_their_caller_has_gone);
async fn a_login_and_a_logout_end_even_if_their_caller_has_gone(bed: Bed) {
    let token = bed.enter(PASSWORD).await.unwrap();
    leave(logout(&bed.services, &token)).await;
    bed.services.finish_calls().await;
    assert!(tables::sessions(&bed.services.store).await.unwrap().is_empty());
    leave(bed.enter(PASSWORD)).await;
    bed.services.finish_calls().await;
    assert_eq!(tables::sessions(&bed.services.store).await.unwrap().len(), 1);
}

both!(a_session_describes_itself);
async fn a_session_describes_itself(bed: Bed) {
    let told = bed.ok("DescribeSession", json!({})).await;
    let version = env!("CARGO_PKG_VERSION");
    let want = json!({ "Uin": bed.login.uin, "UserName": "root", "Version": version });
    assert_eq!(told, want);
}

#[tokio::test]
async fn what_the_environment_sets_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let store = crate::tests::store(&folder).await;
    let services = crate::tests::open(store, &Clock::manual(0)).await;
    let bad = [
        Root { uin: Some(Uin(7)), ..Root::default() },
        Root { secret_id: Some("a b".into()), ..Root::default() },
        Root { secret_key: Some(Secret::new("short")), ..Root::default() },
        Root { password: Some(Secret::new("")), ..Root::default() },
    ];
    for root in bad {
        let error = services.first_start(root, |_| Ok(())).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidParameterValue, "{error}");
    }
    let root = Root {
        uin: Some(Uin(100_000_000_001)),
        password: Some(Secret::new("pw")),
        secret_id: Some("AKIDtesttesttest".into()),
        secret_key: Some(Secret::new("keykeykeykey")),
    };
    let login = services.first_start(root, |_| Ok(())).await.unwrap().unwrap();
    assert_eq!((login.uin.as_str(), login.password.as_str()), ("100000000001", "pw"));
    let (_, secret) = key(&services, "AKIDtesttesttest").unwrap();
    assert_eq!(secret, Secret::new("keykeykeykey"));
}
