//! Answers of every kind, over a pipe.

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
async fn a_head_may_be_as_long_as_it_likes() {
    let long = "x".repeat(20_000);
    let url = format!("https://receiver.example/{long}?{long}");
    let mut head = hyper::Request::post(&url).header("x-long", &long).header(header::CONTENT_LENGTH, 1);
    for number in 0..100 {
        head = head.header(format!("x-{number}"), "");
    }

    let (outgoing, _) = written(head.body(()).unwrap(), b"{").unwrap();

    let text = String::from_utf8(outgoing).unwrap();
    assert!(text.starts_with("POST /xxx") && text.contains("x-99: \r\n") && text.ends_with("\r\n\r\n{"));
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
    assert_broken(over(b"220 mail.example ESMTP\r\n", false).await, "");
    let garbled = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n";
    assert_broken(over(garbled, false).await, "chunk");
    let informing = b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(MOST_INFORMING + 1);
    assert_broken(over(&informing, false).await, "more than 16 answers only inform");
}

#[tokio::test]
async fn a_head_may_come_byte_by_byte() {
    let (mut ours, mut theirs) = duplex(1);
    let answering = tokio::spawn(async move {
        let mut request = vec![0; 2_000];
        let mut read = 0;
        while !request[..read].ends_with(b"\r\n\r\n{}") {
            read += theirs.read(&mut request[read..]).await.unwrap();
        }
        theirs.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        theirs
    });

    assert_answer(exchange(b"{}").over(&mut ours).await, "ok", (false, true));
    drop(answering.await.unwrap());
}

#[tokio::test]
async fn who_takes_a_request_in_before_it_is_whole_gets_the_rest() {
    let (mut ours, mut theirs) = duplex(256);
    let answering = tokio::spawn(async move {
        theirs.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        let mut taken = vec![0; 10_000];
        theirs.read_exact(&mut taken).await.unwrap();
        theirs
    });

    assert_answer(exchange(&[b'x'; 10_000]).over(&mut ours).await, "", (false, true));
    drop(answering.await.unwrap());
}

#[tokio::test]
async fn who_takes_a_request_in_and_goes_away_has_not_got_it() {
    let (mut ours, mut theirs) = duplex(256);
    theirs.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    let closing = tokio::spawn(async move {
        let mut some = [0; 128];
        theirs.read_exact(&mut some).await.unwrap();
    });

    let answered = exchange(&[b'x'; 10_000]).over(&mut ours).await;

    closing.await.unwrap();
    assert!(matches!(answered, Err(Failed::Sent(_))));
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

    let Err(Failed::Unsent(unsent, Error::Broken(_))) = exchange(b"{}").over(&mut gone).await else {
        panic!("something left")
    };

    assert_answer(unsent.over(&mut ours).await, "", (false, true));
}
