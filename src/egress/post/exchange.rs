//! One request and its answer over a connection (RFC 9112), as far as the answer is kept.
//!
//! `ureq-proto` knows the protocol and touches no socket; here is what is written and read, and when.

#[cfg(test)]
mod tests;

use std::io;
use std::pin::pin;

use hyper::http::uri::{Authority, PathAndQuery};
use hyper::{Response, Uri, header};
use reqwest::header::HeaderValue;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use ureq_proto::BodyMode;
use ureq_proto::client::state::{RecvBody, RecvResponse};
use ureq_proto::client::{Call, RecvBodyResult, RecvResponseResult, SendRequestResult};

use crate::egress::client::USER_AGENT;
use crate::egress::{Error, Reply, Request, cause};

/// Bytes of an answer's head, or of what comes between two chunks of its body: as much as most servers take.
const LONGEST_HEAD: usize = 16 * 1024;
/// Bytes that are first read at once: as much as most answers have.
const FIRST_READ: usize = 1_024;
/// Bytes of a request's head beside its address and its headers: the version, `content-length` and line ends.
const AROUND: usize = 128;

/// A request that is ready to leave.
pub(super) struct Exchange {
    outgoing: Vec<u8>,
    /// The protocol's state; gone once an answer has begun.
    call: Option<Call<RecvResponse>>,
    /// Bytes of the body that are kept.
    most: usize,
}

/// What came back, and whether the connection can be used again.
pub(super) struct Answer {
    pub(super) reply: Reply,
    pub(super) leaves_connection: bool,
}

/// Why no answer came.
pub(super) enum Failed {
    /// Nothing of the request left: it may be sent over another connection.
    Unsent(Error),
    /// The other side may have read it.
    Sent(Error),
}

impl Exchange {
    /// Writes `request` down.
    pub(super) fn try_new(to: Uri, request: Request) -> Result<Self, Error> {
        let mut head = hyper::Request::new(());
        *head.method_mut() = request.method;
        *head.uri_mut() = to;
        *head.headers_mut() = request.headers;
        let headers = head.headers_mut();
        headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(USER_AGENT));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(request.body.len()));
        let (outgoing, call) = written(head, &request.body).map_err(|error| broken(&error))?;
        Ok(Self { outgoing, call: Some(call), most: request.max_body })
    }

    /// Carries it out over `stream`. After [`Failed::Unsent`] it may be tried again over another one.
    pub(super) async fn over<S>(&mut self, stream: &mut S) -> Result<Answer, Failed>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Some(mut call) = self.call.take() else {
            return Err(Failed::Sent(Error::Broken("the request has left".to_owned())));
        };
        let mut incoming = Incoming { stream, bytes: Vec::with_capacity(FIRST_READ) };
        let head = match incoming.head_while_sending(&mut call, &self.outgoing).await {
            Ok(head) => head,
            Err(failed) => {
                self.call = Some(call);
                return Err(failed);
            }
        };
        incoming.answer(call, head, self.most).await.map_err(Failed::Sent)
    }
}

/// The bytes of a request, and what the protocol expects after them.
fn written(
    head: hyper::Request<()>,
    body: &[u8],
) -> Result<(Vec<u8>, Call<RecvResponse>), ureq_proto::Error> {
    let room = room(&head);
    let mut outgoing = Vec::with_capacity(room + body.len());
    outgoing.resize(room, 0);
    let mut call = Call::new(head)?.proceed();
    let written = call.write(&mut outgoing)?;
    outgoing.truncate(written);
    outgoing.extend_from_slice(body);
    let call = match call.proceed()? {
        Some(SendRequestResult::SendBody(mut call)) => {
            call.consume_direct_write(body.len())?;
            call.proceed()
        }
        Some(SendRequestResult::RecvResponse(call)) => Some(call),
        Some(SendRequestResult::Await100(_)) | None => None,
    };
    let call = call.ok_or(ureq_proto::Error::OutputOverflow)?;
    Ok((outgoing, call))
}

/// Bytes that the head of a request needs at most.
fn room(head: &hyper::Request<()>) -> usize {
    let length = |part: Option<&str>| part.map_or(0, str::len);
    // The authority stands in the header `host`.
    let address = length(head.uri().authority().map(Authority::as_str))
        + length(head.uri().path_and_query().map(PathAndQuery::as_str));
    let headers = head.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    AROUND + address + headers.sum::<usize>()
}

/// What has been read and not yet understood.
struct Incoming<'a, S> {
    stream: &'a mut S,
    bytes: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Incoming<'_, S> {
    /// Sends `outgoing` and reads the head of the answer, which may come before all is sent: who refuses a
    /// request need not read it.
    async fn head_while_sending(
        &mut self,
        call: &mut Call<RecvResponse>,
        outgoing: &[u8],
    ) -> Result<(Response<()>, bool), Failed> {
        let (mut from, to) = tokio::io::split(&mut *self.stream);
        let mut sending = pin!(send(to, outgoing));
        let mut receiving = pin!(head(&mut from, &mut self.bytes, call));
        let mut unsent = tokio::select! {
            biased;
            sent = &mut sending => match sent {
                Ok(()) => None,
                Err((0, error)) => return Err(Failed::Unsent(cause::classify(&error))),
                Err((_, error)) => Some(cause::classify(&error)),
            },
            head = &mut receiving => return head.map(|head| (head, false)).map_err(Failed::Sent),
        };
        match receiving.await {
            Ok(head) => Ok((head, unsent.is_none())),
            Err(error) => Err(Failed::Sent(unsent.take().unwrap_or(error))),
        }
    }

    /// The whole answer, of whose body `most` bytes are kept.
    async fn answer(
        mut self,
        call: Call<RecvResponse>,
        (head, was_sent): (Response<()>, bool),
        most: usize,
    ) -> Result<Answer, Error> {
        let (mut body, mut truncated) = (Vec::new(), false);
        let is_over = match call.proceed() {
            Some(RecvResponseResult::RecvBody(mut call)) => {
                truncated = self.body(&mut call, &mut body, most).await?;
                match call.proceed() {
                    Some(RecvBodyResult::Cleanup(call)) => !truncated && !call.must_close_connection(),
                    Some(RecvBodyResult::Redirect(_)) | None => false,
                }
            }
            Some(RecvResponseResult::Cleanup(call)) => !call.must_close_connection(),
            // Nothing is followed.
            Some(RecvResponseResult::Redirect(_)) | None => false,
        };
        let (head, ()) = head.into_parts();
        Ok(Answer {
            reply: Reply { status: head.status, headers: head.headers, body, truncated },
            leaves_connection: is_over && was_sent && self.bytes.is_empty(),
        })
    }

    /// Reads the body to its end, or until more than `most` bytes have come: then it returns true.
    async fn body(
        &mut self,
        call: &mut Call<RecvBody>,
        body: &mut Vec<u8>,
        most: usize,
    ) -> Result<bool, Error> {
        let ends_with_connection = call.body_mode() == BodyMode::CloseDelimited;
        loop {
            let kept = body.len();
            body.resize(kept + self.bytes.len().min(most + 1 - kept), 0);
            let (used, made) = call.read(&self.bytes, &mut body[kept..]).map_err(|error| broken(&error))?;
            self.bytes.drain(..used);
            body.truncate(kept + made);
            if body.len() > most {
                body.truncate(most);
                return Ok(true);
            }
            if call.can_proceed() && !ends_with_connection {
                return Ok(false);
            }
            if used == 0 && !fill(&mut *self.stream, &mut self.bytes).await? {
                let ended = Error::Broken("the answer ended before its end".to_owned());
                return if ends_with_connection { Ok(false) } else { Err(ended) };
            }
        }
    }
}

/// Sends all of `outgoing`; tells with an error how much had left before.
async fn send(mut to: impl AsyncWrite + Unpin, outgoing: &[u8]) -> Result<(), (usize, io::Error)> {
    let mut sent = 0;
    while sent < outgoing.len() {
        match to.write(&outgoing[sent..]).await {
            Ok(0) => return Err((sent, io::ErrorKind::WriteZero.into())),
            Ok(more) => sent += more,
            Err(error) => return Err((sent, error)),
        }
    }
    to.flush().await.map_err(|error| (sent, error))
}

/// Reads until the head of the answer is there; what only informs is passed over.
async fn head(
    mut from: impl AsyncRead + Unpin,
    bytes: &mut Vec<u8>,
    call: &mut Call<RecvResponse>,
) -> Result<Response<()>, Error> {
    loop {
        let (used, head) = call.try_response(bytes, false).map_err(|error| broken(&error))?;
        bytes.drain(..used);
        if let Some(head) = head {
            return Ok(head);
        }
        if used == 0 && !fill(&mut from, bytes).await? {
            return Err(Error::Broken("the connection was closed before an answer came".to_owned()));
        }
    }
}

/// Reads what there is; false if nothing will come any more.
async fn fill(mut from: impl AsyncRead + Unpin, bytes: &mut Vec<u8>) -> Result<bool, Error> {
    if bytes.len() >= LONGEST_HEAD {
        return Err(Error::Broken(format!("the head of the answer is longer than {LONGEST_HEAD} bytes")));
    }
    if bytes.len() == bytes.capacity() {
        bytes.reserve(bytes.len());
    }
    let read = from.read_buf(bytes).await.map_err(|error| cause::classify(&error))?;
    Ok(read > 0)
}

/// An answer that is not HTTP.
fn broken(error: &ureq_proto::Error) -> Error {
    Error::Broken(error.to_string())
}
