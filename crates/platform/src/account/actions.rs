//! 子账号、登录: console operations. Translate, ask the chapter, translate back; nothing else.
//! `Login` and `Logout` are answered by `web`, which owns the cookie.

use api::account::*;
use base::{Result, Secret};

use crate::{Cx, Routes, account};

pub(crate) fn routes(r: &mut Routes) {
    r.on(describe_session).on(modify_password);
}

async fn describe_session(cx: Cx, _: DescribeSessionRequest) -> Result<DescribeSessionResponse> {
    account::tidy(&cx).await?;
    Ok(DescribeSessionResponse {
        uin: Some(cx.uin.to_string()),
        user_name: Some(cx.user.to_string()),
        version: Some(env!("CARGO_PKG_VERSION").into()),
    })
}

async fn modify_password(cx: Cx, req: ModifyPasswordRequest) -> Result<ModifyPasswordResponse> {
    let (old, new) = (Secret::new(req.old_password), Secret::new(req.new_password));
    account::set_password(&cx, &old, &new).await?;
    Ok(ModifyPasswordResponse {})
}
