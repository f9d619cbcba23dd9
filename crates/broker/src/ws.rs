//! The place where WebSocket frames become a byte stream (MQTT over WebSocket, MQTT-6.0.0).

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, Bytes};
use futures_util::{Sink as _, Stream as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        protocol::{Role, WebSocketConfig},
    },
};

/// What the HTTP door hands over: any byte stream, behind one type.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Bytes of the library's read buffer, held per connection.
const READ_BUFFER: usize = 4096;

/// A WebSocket after its handshake, as bytes. One MQTT packet may span messages, one message hold
/// several [MQTT-6.0.0-2].
pub(crate) struct WsBytes {
    socket: WebSocketStream<Box<dyn Wire>>,
    rest: Bytes,
}

impl WsBytes {
    /// `most` bounds a message and a frame.
    pub(crate) async fn new(stream: Box<dyn Wire>, most: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(2 * most)
            .max_message_size(Some(most))
            .max_frame_size(Some(most));
        let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
        Self { socket, rest: Bytes::new() }
    }
}

impl AsyncRead for WsBytes {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.rest.is_empty() {
            match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
                None => return Poll::Ready(Ok(())),
                Some(Ok(Message::Binary(bytes))) => self.rest = bytes,
                Some(Ok(Message::Close(_) | Message::Ping(_) | Message::Pong(_))) => {}
                // [MQTT-6.0.0-1]: only binary frames.
                Some(Ok(_)) => return Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
                Some(Err(error)) => return ended(error),
            }
        }
        let part = self.rest.len().min(out.remaining());
        out.put_slice(self.rest.get(..part).unwrap_or_default());
        self.rest.advance(part);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for WsBytes {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(Pin::new(&mut self.socket).poll_ready(cx)).map_err(io_error)?;
        let message = Message::Binary(Bytes::copy_from_slice(bytes));
        Pin::new(&mut self.socket).start_send(message).map_err(io_error)?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx).map_err(io_error)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_close(cx).map_err(io_error)
    }
}

/// A closed WebSocket is the end of the stream, not an error.
fn ended(error: Error) -> Poll<io::Result<()>> {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => Poll::Ready(Ok(())),
        other => Poll::Ready(Err(io_error(other))),
    }
}

fn io_error(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}
