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
/// Answers that only inform, before the one that counts.
const MOST_INFORMING: usize = 16;
/// Bytes of a request's head beside its address and its headers: the version, `content-length` and line ends.
const AROUND: usize = 128;

/// A request that is ready to leave.
pub(super) struct Exchange {
    outgoing: Vec<u8>,
    /// The protocol's state.
    call: Call<RecvResponse>,
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
    /// The connection took no piece of the request, so that nobody can have read all of it: it may go over another.
    Unsent(Box<Exchange>, Error),
    /// The other side may have read it.
    Sent(Error),
}

/// Why no head of an answer came.
enum Silent {
    NothingLeft(Error),
    AfterSending(Error),
}

/// The head of an answer, and whether all of the request had left by then.
struct Head {
    response: Response<()>,
    was_sent: bool,
}

/// A request of which only a part left.
struct Unwritten {
    sent: usize,
    cause: io::Error,
}

/// How the reading of a body ended.
#[derive(PartialEq, Eq)]
enum End {
    /// It was read whole.
    Whole,
    /// The rest of it is not known.
    Cut,
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
        Ok(Self { outgoing, call, most: request.max_body })
    }

    /// Carries it out over `stream`.
    pub(super) async fn over<S>(mut self, stream: &mut S) -> Result<Answer, Failed>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut incoming = Incoming { stream, bytes: Vec::with_capacity(FIRST_READ) };
        match incoming.head_while_sending(&mut self.call, &self.outgoing).await {
            Ok(head) => incoming.answer(self.call, head, self.most).await.map_err(Failed::Sent),
            Err(Silent::NothingLeft(error)) => Err(Failed::Unsent(Box::new(self), error)),
            Err(Silent::AfterSending(error)) => Err(Failed::Sent(error)),
        }
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
    let awaiting = match call.proceed()? {
        Some(SendRequestResult::SendBody(mut call)) => {
            call.consume_direct_write(body.len())?;
            call.proceed()
        }
        Some(SendRequestResult::RecvResponse(call)) => Some(call),
        // Nobody is asked whether the body may come; and there was room for the head.
        Some(SendRequestResult::Await100(_)) | None => None,
    };
    Ok((outgoing, awaiting.ok_or(ureq_proto::Error::OutputOverflow)?))
}

/// Bytes that the head of a request needs at most; addresses hold no user or password here.
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
    /// request need not read it. Who takes it in has to.
    async fn head_while_sending(
        &mut self,
        call: &mut Call<RecvResponse>,
        outgoing: &[u8],
    ) -> Result<Head, Silent> {
        let (mut from, to) = tokio::io::split(&mut *self.stream);
        let mut sending = pin!(send(to, outgoing));
        let mut receiving = pin!(head(&mut from, &mut self.bytes, call));
        let sent = tokio::select! {
            biased;
            sent = &mut sending => sent,
            head = &mut receiving => {
                let response = head.map_err(Silent::AfterSending)?;
                let is_taken_in = response.status().is_success();
                if is_taken_in && let Err(Unwritten { cause, .. }) = sending.await {
                    return Err(Silent::AfterSending(cause::classify(&cause)));
                }
                return Ok(Head { response, was_sent: is_taken_in });
            }
        };
        match sent {
            Ok(()) => {
                let response = receiving.await.map_err(Silent::AfterSending)?;
                Ok(Head { response, was_sent: true })
            }
            Err(Unwritten { sent: 0, cause }) => Err(Silent::NothingLeft(cause::classify(&cause))),
            // It may have answered before it closed.
            Err(Unwritten { cause, .. }) => match receiving.await {
                Ok(response) if !response.status().is_success() => Ok(Head { response, was_sent: false }),
                Ok(_) | Err(_) => Err(Silent::AfterSending(cause::classify(&cause))),
            },
        }
    }

    /// The whole answer, of whose body `most` bytes are kept.
    async fn answer(mut self, call: Call<RecvResponse>, head: Head, most: usize) -> Result<Answer, Error> {
        let (mut body, mut end) = (Vec::new(), End::Whole);
        let is_reusable = match call.proceed() {
            Some(RecvResponseResult::RecvBody(mut call)) => {
                end = self.body(&mut call, &mut body, most).await?;
                match call.proceed() {
                    Some(RecvBodyResult::Cleanup(call)) => !call.must_close_connection(),
                    Some(RecvBodyResult::Redirect(_)) | None => false,
                }
            }
            Some(RecvResponseResult::Cleanup(call)) => !call.must_close_connection(),
            // Nothing is followed.
            Some(RecvResponseResult::Redirect(_)) | None => false,
        };
        let truncated = end == End::Cut;
        let (parts, ()) = head.response.into_parts();
        Ok(Answer {
            reply: Reply { status: parts.status, headers: parts.headers, body, truncated },
            leaves_connection: is_reusable && head.was_sent && !truncated && self.bytes.is_empty(),
        })
    }

    /// Reads the body to its end, or until more than `most` bytes have come.
    async fn body(
        &mut self,
        call: &mut Call<RecvBody>,
        body: &mut Vec<u8>,
        most: usize,
    ) -> Result<End, Error> {
        let ends_with_connection = call.body_mode() == BodyMode::CloseDelimited;
        loop {
            let kept = body.len();
            body.resize(kept + self.bytes.len().min(most + 1 - kept), 0);
            let (used, made) = call.read(&self.bytes, &mut body[kept..]).map_err(|error| broken(&error))?;
            self.bytes.drain(..used);
            body.truncate((kept + made).min(most));
            if kept + made > most {
                return Ok(End::Cut);
            }
            if call.can_proceed() && !ends_with_connection {
                return Ok(End::Whole);
            }
            if used == 0 && !fill(&mut *self.stream, &mut self.bytes).await? {
                let ended = Error::Broken("the answer ended before its end".to_owned());
                return if ends_with_connection { Ok(End::Whole) } else { Err(ended) };
            }
        }
    }
}

/// Sends all of `outgoing`.
async fn send(mut to: impl AsyncWrite + Unpin, outgoing: &[u8]) -> Result<(), Unwritten> {
    let mut sent = 0;
    while sent < outgoing.len() {
        match to.write(&outgoing[sent..]).await {
            Ok(0) => return Err(Unwritten { sent, cause: io::ErrorKind::WriteZero.into() }),
            Ok(more) => sent += more,
            Err(cause) => return Err(Unwritten { sent, cause }),
        }
    }
    to.flush().await.map_err(|cause| Unwritten { sent, cause })
}

/// Reads until the head of the answer is there; what only informs is passed over.
async fn head(
    mut from: impl AsyncRead + Unpin,
    bytes: &mut Vec<u8>,
    call: &mut Call<RecvResponse>,
) -> Result<Response<()>, Error> {
    let (mut seen, mut informing) = (0, 0);
    loop {
        // A head may come byte by byte: it is read once, not with each of them.
        if is_worth_reading(bytes, seen) {
            let (used, head) = call.try_response(bytes, false).map_err(|error| broken(&error))?;
            bytes.drain(..used);
            if let Some(head) = head {
                return Ok(head);
            }
            if used > 0 {
                (seen, informing) = (0, informing + 1);
                if informing > MOST_INFORMING {
                    return Err(Error::Broken(format!("more than {MOST_INFORMING} answers only inform")));
                }
                continue;
            }
        }
        seen = bytes.len();
        if !fill(&mut from, bytes).await? {
            return Err(Error::Broken("the connection was closed before an answer came".to_owned()));
        }
    }
}

/// Whether something ends in `bytes` after those that were `seen`: the first line, which says whether this is HTTP
/// at all, or with an empty line the head.
fn is_worth_reading(bytes: &[u8], seen: usize) -> bool {
    let first = bytes.iter().position(|byte| *byte == b'\n');
    let new = &bytes[seen.saturating_sub(2)..];
    first.is_some_and(|at| at >= seen)
        || new.windows(2).any(|pair| pair == b"\n\n")
        || new.windows(3).any(|three| three == b"\n\r\n")
}

/// Reads what there is; false if nothing will come any more.
async fn fill(mut from: impl AsyncRead + Unpin, bytes: &mut Vec<u8>) -> Result<bool, Error> {
    if bytes.len() >= LONGEST_HEAD {
        let what = "the head of the answer, or a line between its chunks";
        return Err(Error::Broken(format!("{what}, is longer than {LONGEST_HEAD} bytes")));
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
