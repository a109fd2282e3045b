//! Requests as bytes, for what client libraries tidy up or refuse to send.

use std::net::SocketAddr;

use http::{HeaderName, HeaderValue, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::Answer;

/// Sends these bytes and reads until the server closes; the request should say `connection: close`.
pub async fn send(addr: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(addr).await.expect("the server listens");
    stream.write_all(request).await.expect("the server reads");
    let mut bytes = Vec::new();
    stream
        .read_to_end(&mut bytes)
        .await
        .expect("the server answers");
    parse(&String::from_utf8(bytes).expect("an answer in UTF-8"))
}

/// A POST of a GraphQL document with exactly these header lines besides the body's.
pub fn post(headers: &[&str], document: &str) -> String {
    let body = serde_json::json!({ "query": document }).to_string();
    let length = format!("content-length: {}", body.len());
    let ours = [
        "connection: close",
        "content-type: application/json",
        &length,
        "",
        &body,
    ];
    let lines = [&["POST /graphql HTTP/1.1"], headers, &ours].concat();
    lines.join("\r\n")
}

fn parse(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1)?.parse::<StatusCode>().ok());
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        let name: HeaderName = name.parse().ok()?;
        Some((name, HeaderValue::from_str(value.trim()).ok()?))
    };
    Answer {
        status: status.unwrap_or_else(|| panic!("no answer of HTTP: {text:?}")),
        headers: lines.filter_map(header).collect(),
        text: body.to_owned(),
    }
}
