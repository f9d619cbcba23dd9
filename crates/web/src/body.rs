//! The place where the body of a request is read, bounded in bytes, in time and in number.

use std::{sync::Arc, time::Duration};

use base::{Code, Error, Result};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Bytes of a body: what Tencent allows a TC3 POST.
const BYTES: usize = 10 << 20;
/// How long a body may take.
const TIME: Duration = Duration::from_secs(60);
/// Bytes of a body that is too long, or comes when there is no room, that are read and thrown away:
/// a client that still sends does not see the answer.
const WASTE: usize = 64 << 20;
/// What room is counted in, and how much there is for all bodies together: 256 MiB.
pub(crate) const UNIT: usize = 1024;
pub(crate) const ROOM: usize = (256 << 20) / UNIT;

/// The body, and the room that it takes.
pub(crate) async fn read(
    body: Incoming,
    room: &Arc<Semaphore>,
) -> Result<(Bytes, OwnedSemaphorePermit)> {
    let slow = |_| Error::new(Code::InvalidRequest, "the request body took too long");
    timeout(TIME, whole(body, room)).await.map_err(slow)?
}

async fn whole(mut body: Incoming, room: &Arc<Semaphore>) -> Result<(Bytes, OwnedSemaphorePermit)> {
    let full = || Error::new(Code::RequestLimitExceeded, "too many requests at the same time");
    let mut held = take(room, 0).ok_or_else(full)?;
    let mut read = BytesMut::new();
    while let Some(data) = next(&mut body).await? {
        let refused = if read.len() + data.len() > BYTES {
            let text = format!("the request body is longer than {BYTES} bytes");
            Error::new(Code::RequestSizeLimitExceeded, text)
        } else if let Some(more) = take(room, data.len()) {
            held.merge(more);
            read.extend_from_slice(&data);
            continue;
        } else {
            full()
        };
        drop((read, held));
        waste(body).await?;
        return Err(refused);
    }
    Ok((read.freeze(), held))
}

/// Room for some bytes, if there is any; a little more than they need.
fn take(room: &Arc<Semaphore>, bytes: usize) -> Option<OwnedSemaphorePermit> {
    let units = u32::try_from(bytes / UNIT + 1).ok()?;
    room.clone().try_acquire_many_owned(units).ok()
}

async fn next(body: &mut Incoming) -> Result<Option<Bytes>> {
    while let Some(frame) = body.frame().await {
        let broken = |error| {
            Error::new(Code::InvalidRequest, "the request body is broken").with_source(error)
        };
        if let Ok(data) = frame.map_err(broken)?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

async fn waste(mut body: Incoming) -> Result<()> {
    let mut seen = 0;
    while let Some(data) = next(&mut body).await? {
        seen += data.len();
        if seen > WASTE {
            break;
        }
    }
    Ok(())
}
