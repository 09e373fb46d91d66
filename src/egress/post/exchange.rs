//! One request and its answer over a connection (RFC 9112), as far as the answer is kept.
//!
//! `ureq-proto` knows the protocol and touches no socket; here is what is written and read, and when.

use std::io;
use std::pin::pin;

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
/// Bytes that a request's line and headers are written in at once; longer ones take several turns.
const PIECE: usize = 4 * 1_024;

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
    let mut call = Call::new(head)?.proceed();
    let (mut outgoing, mut written) = (Vec::new(), 0);
    while !call.can_proceed() {
        outgoing.resize(written + PIECE, 0);
        written += call.write(&mut outgoing[written..])?;
    }
    outgoing.truncate(written);
    outgoing.extend_from_slice(body);
    outgoing.shrink_to_fit();
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::Method;
    use tokio::io::{DuplexStream, duplex};

    use super::*;

    fn exchange(body: &[u8]) -> Exchange {
        let url: url::Url = "http://receiver.example:8080/hook?a=b".parse().unwrap();
        let request = Request {
            method: Method::POST,
            headers: [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"))].into_iter().collect(),
            body: body.to_vec(),
            deadline: Duration::from_secs(1),
            max_body: 8,
            url: url.clone(),
        };
        Exchange::try_new(url.as_str().parse().unwrap(), request).ok().unwrap()
    }

    /// What comes of `answer`, after which the other side closes if it is to.
    async fn over(answer: &[u8], closes: bool) -> Result<Answer, Failed> {
        let (mut ours, mut theirs) = duplex(64 * 1024);
        theirs.write_all(answer).await.unwrap();
        if closes {
            theirs.shutdown().await.unwrap();
        }
        exchange(b"{}").over(&mut ours).await
    }

    #[track_caller]
    fn assert_answer(answered: Result<Answer, Failed>, body: &str, (truncated, leaves): (bool, bool)) {
        let Ok(Answer { reply, leaves_connection }) = answered else { panic!("no answer") };
        assert_eq!(
            (String::from_utf8_lossy(&reply.body).as_ref(), reply.truncated, leaves_connection),
            (body, truncated, leaves)
        );
    }

    #[track_caller]
    fn assert_broken(answered: Result<Answer, Failed>, words: &str) {
        let Err(Failed::Sent(Error::Broken(said))) = answered else { panic!("not broken") };
        assert!(said.contains(words), "{said}");
    }

    #[tokio::test]
    async fn a_request_leaves_in_origin_form_with_its_length() {
        let (mut ours, mut theirs) = duplex(4_096);
        theirs.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();

        let answered = exchange(b"{}").over(&mut ours).await;

        assert_answer(answered, "", (false, true));
        drop(ours);
        let mut sent = String::new();
        theirs.read_to_string(&mut sent).await.unwrap();
        assert!(sent.starts_with("POST /hook?a=b HTTP/1.1\r\n") && sent.ends_with("\r\n\r\n{}"), "{sent}");
        for line in ["host: receiver.example:8080", "content-length: 2", "content-type: text/plain"] {
            assert!(sent.contains(&format!("\r\n{line}\r\n")), "{sent}");
        }
    }

    #[tokio::test]
    async fn a_body_ends_by_its_length_its_last_chunk_or_its_connection() {
        let sized = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
        let chunked =
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nx: y\r\n\r\n";
        let closed = b"HTTP/1.1 200 OK\r\n\r\nhello";

        assert_answer(over(sized, false).await, "hello", (false, true));
        assert_answer(over(chunked, false).await, "hello", (false, true));
        assert_answer(over(closed, true).await, "hello", (false, false));
    }

    #[tokio::test]
    async fn a_connection_is_not_used_again_when_something_is_left_on_it() {
        let long = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n123456789";
        let more = b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1HTTP/1.1 200 OK\r\n";
        let last = b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\n1";
        let elsewhere = b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n";

        assert_answer(over(long, false).await, "12345678", (true, false));
        assert_answer(over(more, false).await, "1", (false, false));
        assert_answer(over(last, false).await, "1", (false, false));
        assert_answer(over(elsewhere, false).await, "", (false, false));
    }

    #[tokio::test]
    async fn what_only_informs_is_passed_over() {
        let answer =
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\
                       content-length: 2\r\n\r\nok";

        assert_answer(over(answer, false).await, "ok", (false, true));
    }

    #[tokio::test]
    async fn what_ends_early_or_never_is_broken() {
        let short = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell";
        let cut = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhe";
        let endless = [b"HTTP/1.1 200 OK\r\nx: ".as_slice(), &[b'y'; LONGEST_HEAD]].concat();

        assert_broken(over(short, true).await, "ended before its end");
        assert_broken(over(cut, true).await, "ended before its end");
        assert_broken(over(&endless, false).await, "longer than 16384 bytes");
        assert_broken(over(b"", true).await, "before an answer came");
    }

    #[tokio::test]
    async fn who_refuses_before_it_has_read_all_is_understood() {
        let (mut ours, mut theirs) = duplex(256);
        theirs.write_all(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n").await.unwrap();

        let answered = exchange(&[b'x'; 10_000]).over(&mut ours).await;

        assert_answer(answered, "", (false, false));
    }

    #[tokio::test]
    async fn what_has_not_left_can_go_over_another_connection() {
        let (mut gone, theirs): (DuplexStream, _) = duplex(64);
        drop(theirs);
        let (mut ours, mut theirs) = duplex(4_096);
        theirs.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        let mut exchange = exchange(b"{}");

        let first = exchange.over(&mut gone).await;

        assert!(matches!(first, Err(Failed::Unsent(Error::Broken(_)))));
        assert_answer(exchange.over(&mut ours).await, "", (false, true));
    }
}
