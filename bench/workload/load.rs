//! Many who ask, each again as soon as it is answered: one thread, and as little work as can be.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use futures::future::join_all;
use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Failure;
use crate::fleet::Tenant;
use crate::queries::{Filling, Query};

/// What is asked, of whom.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) addr: SocketAddr,
    pub(crate) query: Arc<Query>,
    pub(crate) tenants: Arc<Vec<Tenant>>,
    /// The tenants that a request may be for.
    pub(crate) among: Range<usize>,
    pub(crate) connections: usize,
    /// Counts the invoices of all.
    pub(crate) numbers: Arc<AtomicUsize>,
}

/// What came back.
#[derive(Default)]
pub(crate) struct Answers {
    /// When each came, since the start, and how long it took.
    pub(crate) times: Vec<(Duration, Duration)>,
    pub(crate) bad: usize,
    /// One of the bad ones.
    pub(crate) sample: Option<String>,
}

impl Load {
    /// Asks from now on for so long. Whatever was asked by then is still waited for.
    pub(crate) fn start(self, time: Duration) -> JoinHandle<Result<Answers, String>> {
        let begun = Instant::now();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .build();
            let runtime = runtime.map_err(|error| error.to_string())?;
            let askers = (0..self.connections).map(|_| self.ask(begun, begun + time));
            let answers = runtime.block_on(join_all(askers));
            let mut all = Answers::default();
            for one in answers {
                let one = one.map_err(|error| error.to_string())?;
                all.times.extend(one.times);
                all.bad += one.bad;
                all.sample = all.sample.or(one.sample);
            }
            Ok(all)
        })
    }

    async fn ask(&self, begun: Instant, end: Instant) -> Result<Answers, Failure> {
        let mut stream = TcpStream::connect(self.addr).await?;
        stream.set_nodelay(true)?;
        let (mut request, mut answer) = (Vec::new(), Vec::with_capacity(64 * 1024));
        let mut answers = Answers::default();
        let errors = memmem::Finder::new("\"errors\"");
        loop {
            let tenant = &self.tenants[rand::random_range(self.among.clone())];
            let number = self.numbers.fetch_add(1, Ordering::Relaxed);
            self.query
                .request(tenant, Filling::random(number), &mut request);
            let asked = Instant::now();
            if asked >= end {
                return Ok(answers);
            }
            stream.write_all(&request).await?;
            let body = read(&mut stream, &mut answer).await?;
            let came = Instant::now();
            let is_good = answer.starts_with(b"HTTP/1.1 200 ")
                && errors.find(&answer[body..]).is_none()
                && memmem::find(&answer[body..], tenant.name.as_bytes()).is_some();
            if is_good {
                answers.times.push((came - begun, came - asked));
            } else {
                answers.bad += 1;
                answers.sample = Some(String::from_utf8_lossy(&answer).into_owned());
            }
        }
    }
}

/// Reads one answer, and says where its body begins.
async fn read(stream: &mut TcpStream, answer: &mut Vec<u8>) -> Result<usize, Failure> {
    answer.clear();
    let mut whole = None;
    while whole.is_none_or(|(_, length)| answer.len() < length) {
        if stream.read_buf(answer).await? == 0 {
            return Err("the server closed a connection".into());
        }
        whole = whole.map_or_else(|| head(answer), |known| Ok(Some(known)))?;
    }
    Ok(whole.map_or(0, |(body, _)| body))
}

const LENGTH: &[u8] = b"\r\ncontent-length: ";

/// Where the body begins and ends, once the head is complete.
fn head(answer: &[u8]) -> Result<Option<(usize, usize)>, Failure> {
    let Some(end) = memmem::find(answer, b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = &answer[..end];
    let Some(at) = memmem::find(head, LENGTH) else {
        return Err("an answer doesn't say how long it is".into());
    };
    let digits = head[at + LENGTH.len()..].iter();
    let digits = digits.take_while(|byte| byte.is_ascii_digit());
    let length = digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0'));
    Ok(Some((end + 4, end + 4 + length)))
}
