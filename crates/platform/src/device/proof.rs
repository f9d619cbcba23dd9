//! The place where it is decided whether a CONNECT comes from the device that it names: by key or by
//! certificate, as its product says, and never by the other (device-protocol.md 1.4).

use base::{DeviceKey, Uin};
use broker::hub::{Certificate, Connect, Door, Refusal};

use super::{Credential, UserName, password};
use crate::{Services, cert, product, product::Authentication};

/// A refusal, and why, for the diagnosis log.
pub(crate) type Doubt = (Refusal, &'static str);

/// Why a product of certificates has no business with keys, told by the door and here.
pub(crate) const NO_PSK: &str = "product authenticates by certificate, psk was used";

/// Whether the caller is the device, and the device may connect.
pub(crate) fn prove(
    services: &Services,
    key: &DeviceKey,
    credential: &Credential,
    hello: &Connect<'_>,
) -> Result<(), Doubt> {
    let product = product::authentication(services, &key.product);
    match product.ok_or((Refusal::Unavailable, "product does not exist"))? {
        (_, Authentication::Key) => by_key(credential, hello)?,
        (owner, Authentication::Certificate(authority)) => match hello.certificate {
            _ if hello.psk.is_some() => return Err((Refusal::NotAuthorized, NO_PSK)),
            Some(shown) => {
                let authority = (owner, authority.as_str());
                by_certificate(services, authority, (key, credential), (shown, hello))?;
            }
            None => by_signature(credential, hello)?,
        },
    }
    if !credential.enabled {
        return Err((Refusal::NotAuthorized, "device is disabled"));
    }
    Ok(())
}

fn by_key(credential: &Credential, hello: &Connect<'_>) -> Result<(), Doubt> {
    if let Some(identity) = hello.psk {
        if identity != hello.client_id.as_bytes() {
            return Err((Refusal::NotAuthorized, "psk identity is of another device"));
        }
        return Ok(());
    }
    if hello.certificate.is_some() && hello.password.is_none() {
        let why = "product authenticates by key, a certificate was used";
        return Err((Refusal::NotAuthorized, why));
    }
    let (name, text, given) = named(hello)?;
    if !password::matches(credential.secret.expose(), text, given) {
        return Err((Refusal::BadCredentials, "password is wrong"));
    }
    fresh(&name, hello)
}

/// The user name, taken apart and as it came, and the password.
fn named<'a>(hello: &Connect<'a>) -> Result<(UserName<'a>, &'a str, &'a [u8]), Doubt> {
    let bad = |why| (Refusal::BadCredentials, why);
    let text = hello.user_name.ok_or(bad("user name is missing"))?;
    let name = UserName::parse(text).ok_or(bad("user name is malformed"))?;
    if name.client_id != hello.client_id {
        return Err(bad("user name is of another device"));
    }
    Ok((name, text, hello.password.ok_or(bad("password is missing"))?))
}

fn fresh(name: &UserName<'_>, hello: &Connect<'_>) -> Result<(), Doubt> {
    if name.expired(hello.now) {
        return Err((Refusal::BadCredentials, "user name has expired"));
    }
    Ok(())
}

/// By the certificate that the handshake proved. The platform's own are known each by its fingerprint;
/// an authority of the account vouches for others that carry the device's name, too.
fn by_certificate(
    services: &Services,
    (owner, authority): (Uin, &str),
    (key, credential): (&DeviceKey, &Credential),
    (shown, hello): (&Certificate, &Connect<'_>),
) -> Result<(), Doubt> {
    let no = |why| Err((Refusal::NotAuthorized, why));
    if shown.not_after < hello.now {
        return no("certificate has expired");
    }
    let known =
        credential.bound.as_ref().is_some_and(|bound| bound.fingerprint == shown.fingerprint);
    if authority.is_empty() {
        return if known { Ok(()) } else { no("certificate is of another device") };
    }
    let vouched = services.authorities.get(owner, authority);
    if vouched.is_none_or(|one| shown.authority != Some(one.fingerprint)) {
        return no("certificate does not lead to the product's authority");
    }
    let name = shown.common_name.as_deref();
    if known || name == Some(hello.client_id) || name == Some(key.name.as_str()) {
        return Ok(());
    }
    no("certificate is of another device")
}

/// By a password that the certificate's key signed: what a browser or a mini-program can do over
/// WebSocket, where no handshake shows the certificate.
fn by_signature(credential: &Credential, hello: &Connect<'_>) -> Result<(), Doubt> {
    let no = Err((Refusal::NotAuthorized, "product authenticates by certificate, none was shown"));
    let (Door::Ws | Door::Wss, Some(bound)) = (hello.door, credential.bound.as_ref()) else {
        return no;
    };
    let (name, text, given) = named(hello)?;
    let Some(signature) = password::rsa_sha256(given) else { return no };
    if !cert::signed(&bound.public_key, text.as_bytes(), &signature) {
        return Err((Refusal::BadCredentials, "password is wrong"));
    }
    fresh(&name, hello)
}
