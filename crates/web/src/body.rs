//! The place where the body of a request is read, bounded in bytes, in time and in number.

use std::{error::Error as StdError, sync::Arc};

use base::{Code, Error, Result};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Body;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use crate::sender::{Rooms, Sender, UNIT};

/// Bytes of a body that is too long, or comes when there is no room, that are read and thrown away:
/// a client that still sends does not see the answer.
const WASTE: usize = 64 << 20;

/// A body, and the room that it takes as long as it is held.
type Read = (Bytes, OwnedSemaphorePermit);

/// The body that was begun then, and the room that it takes.
pub(crate) async fn read<B>(
    mut body: B,
    sender: Sender,
    rooms: &Rooms,
    begun: Instant,
) -> Result<Read>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let full = || Error::new(Code::RequestLimitExceeded, "too many requests at the same time");
    let room = rooms.of(sender);
    let mut held = take(room, 0).ok_or_else(full)?;
    let mut read = BytesMut::new();
    while let Some(data) = next(&mut body, sender.deadline(begun, read.len())).await? {
        let refused = if read.len() + data.len() > sender.bytes() {
            too_long(sender)
        } else if let Some(more) = take(room, data.len()) {
            held.merge(more);
            read.extend_from_slice(&data);
            continue;
        } else {
            full()
        };
        let mut seen = read.len() + data.len();
        drop((read, held));
        while seen <= WASTE
            && let Ok(Some(data)) = next(&mut body, sender.deadline(begun, seen)).await
        {
            seen += data.len();
        }
        return Err(refused);
    }
    Ok((read.freeze(), held))
}

fn too_long(sender: Sender) -> Error {
    let most = sender.bytes();
    let text = match sender {
        Sender::Known => format!("the request body is longer than {most} bytes"),
        _ => format!("the request body is longer than {most} bytes, and its sender is not known"),
    };
    Error::new(Code::RequestSizeLimitExceeded, text)
}

/// Room for some bytes, if there is any; a little more than they need.
fn take(room: &Arc<Semaphore>, bytes: usize) -> Option<OwnedSemaphorePermit> {
    let units = u32::try_from(bytes / UNIT + 1).ok()?;
    room.clone().try_acquire_many_owned(units).ok()
}

async fn next<B>(body: &mut B, deadline: Instant) -> Result<Option<Bytes>>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let slow = |_| Error::new(Code::InvalidRequest, "the request body took too long");
    while let Some(frame) = timeout_at(deadline, body.frame()).await.map_err(slow)? {
        let broken = |error| {
            Error::new(Code::InvalidRequest, "the request body is broken").with_source(error)
        };
        if let Ok(data) = frame.map_err(broken)?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, future::poll_fn, task::Poll};

    use futures_util::{StreamExt as _, stream};
    use http_body_util::{Full, StreamBody};
    use hyper::body::Frame;
    use tokio::time::Duration;

    use super::*;

    /// So many kibibytes, and then nothing, not even an end.
    fn stuck(count: usize) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
        let drop = |_| Ok(Frame::data(Bytes::from_static(&[b'x'; 1024])));
        StreamBody::new(stream::iter(0..count).map(drop).chain(stream::pending()).boxed())
    }

    fn whole(bytes: usize) -> Full<Bytes> {
        Full::new(vec![b'x'; bytes].into())
    }

    async fn read(body: Full<Bytes>, sender: Sender, rooms: &Rooms) -> Result<Read> {
        super::read(body, sender, rooms, Instant::now()).await
    }

    #[tokio::test]
    async fn who_is_not_known_has_to_hurry() {
        let rooms = Rooms::default();
        for (sender, count, seconds) in [
            (Sender::Stranger, 0, 5),
            (Sender::Stranger, 15, 6),
            (Sender::Form, 15, 6),
            (Sender::Form, 1000, 60),
            (Sender::Known, 15, 60),
        ] {
            let begun = Instant::now() - Duration::from_secs(seconds);
            let error = super::read(stuck(count), sender, &rooms, begun).await.unwrap_err();
            assert_eq!(error.code(), Code::InvalidRequest, "{sender:?}: {error}");
            // A second earlier it is waited for.
            let begun = begun + Duration::from_secs(1);
            let mut early = std::pin::pin!(super::read(stuck(count), sender, &rooms, begun));
            let polled = poll_fn(|cx| Poll::Ready(early.as_mut().poll(cx).is_pending())).await;
            assert!(polled, "{sender:?} {count}");
        }
    }

    #[tokio::test]
    async fn a_body_has_the_bounds_of_its_sender() {
        let rooms = Rooms::default();
        for sender in [Sender::Known, Sender::Form, Sender::Stranger] {
            let most = sender.bytes();
            assert_eq!(read(whole(most), sender, &rooms).await.unwrap().0.len(), most);
            let error = read(whole(most + 1), sender, &rooms).await.unwrap_err();
            assert_eq!(error.code(), Code::RequestSizeLimitExceeded, "{sender:?}");
        }
    }

    #[tokio::test]
    async fn a_full_room_is_full_for_its_own_kind_alone() {
        let (rooms, mut held) = (Rooms::default(), Vec::new());
        for sender in [Sender::Stranger, Sender::Form] {
            loop {
                match read(whole(sender.bytes()), sender, &rooms).await {
                    Ok(body) => held.push(body),
                    Err(error) => break assert_eq!(error.code(), Code::RequestLimitExceeded),
                }
            }
        }
        let known = read(whole(10 << 20), Sender::Known, &rooms).await;
        assert_eq!(known.unwrap().0.len(), 10 << 20);
        held.clear();
        assert!(read(whole(1), Sender::Stranger, &rooms).await.is_ok());
    }
}
