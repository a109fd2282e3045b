use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// Stands between a client and PostgreSQL, and counts what goes through.
///
/// ```
/// # tenancy::testing::block_on(async {
/// use sea_orm::{ConnectionTrait, Statement};
/// use tenancy::testing::{Proxy, two_shops};
/// use tenancy::{Access, Database, PoolOptions};
///
/// let shops = two_shops().await?;
/// let proxy = Proxy::start(&shops.url).await.expect("a free port");
/// let database = Database::new(&tenancy::testing::logins(proxy.url()), &PoolOptions::default());
///
/// let db = database.tenant(&shops.python, Access::Read);
/// assert_eq!(proxy.flights(), 0);
/// db.query_one_raw(Statement::from_string(db.get_database_backend(), "SELECT name FROM employee")).await?;
/// assert_eq!(proxy.statements()[1], "SELECT name FROM employee");
/// # Ok::<_, tenancy::Error>(()) });
/// ```
///
/// It lives in the runtime that it was started in, and ends when it is dropped.
pub struct Proxy {
    url: String,
    seen: Arc<Mutex<Seen>>,
    /// Answers flow until this many flights were counted.
    limit: watch::Sender<usize>,
    /// Told when every connection is to be closed.
    cut: watch::Sender<()>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    flights: usize,
    statements: Vec<String>,
}

impl Proxy {
    /// A proxy before the database of this URL, on a port of its own.
    pub async fn start(url: &str) -> io::Result<Self> {
        let (start, end, upstream) = authority(url).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "a URL with host and port")
        })?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let url = format!("{}127.0.0.1:{port}{}", &url[..start], &url[end..]);
        let seen = Arc::new(Mutex::new(Seen::default()));
        let limit = watch::Sender::new(usize::MAX);
        let cut = watch::Sender::new(());
        let line = Line {
            seen: Arc::clone(&seen),
            limit: limit.subscribe(),
            cut: cut.subscribe(),
        };
        let task = tokio::spawn(accept(listener, upstream, line));
        Ok(Self {
            url,
            seen,
            limit,
            cut,
            task,
        })
    }

    /// The same database, through the proxy.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How often a client spoke after it had been answered: its round trips. Connecting and
    /// leaving aren't counted.
    pub fn flights(&self) -> usize {
        lock(&self.seen).flights
    }

    /// The statements that were executed, in order, without the comment in front that says whose
    /// they are kept for. Several in one simple query count as one, but for a scope's first
    /// statement that came with its beginning.
    pub fn statements(&self) -> Vec<String> {
        lock(&self.seen).statements.clone()
    }

    /// Counts from nothing again.
    pub fn forget(&self) {
        *lock(&self.seen) = Seen::default();
        self.limit.send_modify(|_| {});
    }

    /// Holds PostgreSQL's answers back until [`Proxy::resume`]. What clients say goes through.
    pub fn hold(&self) {
        self.hold_at(0);
    }

    /// Holds the answer to this flight back, counted from one, and all that follow.
    pub fn hold_at(&self, flight: usize) {
        self.limit.send_replace(flight);
    }

    /// Closes every connection, and what was held back on it never arrives.
    pub fn cut(&self) {
        self.cut.send_replace(());
    }

    /// Lets answers through again.
    pub fn resume(&self) {
        self.hold_at(usize::MAX);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Where the host and port of a URL begin and end, and what they are.
pub(super) fn authority(url: &str) -> Option<(usize, usize, String)> {
    let after_scheme = url.find("://")? + 3;
    let end = url[after_scheme..]
        .find(['/', '?'])
        .map_or(url.len(), |at| after_scheme + at);
    let start = url[..end].rfind('@').map_or(after_scheme, |at| at + 1);
    url[start..end]
        .contains(':')
        .then(|| (start, end, url[start..end].to_owned()))
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What every connection shares with the proxy.
#[derive(Clone)]
struct Line {
    seen: Arc<Mutex<Seen>>,
    limit: watch::Receiver<usize>,
    cut: watch::Receiver<()>,
}

async fn accept(listener: TcpListener, upstream: String, line: Line) {
    // Aborting this task drops the set, and with it the connections.
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(relay(client, upstream.clone(), line.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// Passes on until either side closes, or the proxy is told to; then both are closed.
async fn relay(mut client: TcpStream, upstream: String, mut line: Line) -> io::Result<()> {
    line.cut.mark_unchanged();
    let mut server = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    start_up(&mut client, &mut server).await?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let talk = Arc::new(Mutex::new(Talk::new(line.seen)));
    tokio::select! {
        biased;
        _ = line.cut.changed() => Ok(()),
        end = up(from_client, to_server, &talk) => end,
        end = down(from_server, to_client, &talk, line.limit) => end,
    }
}

/// The first message, which has no kind. Requests for encryption are declined, or nothing could be
/// counted.
async fn start_up(client: &mut TcpStream, server: &mut TcpStream) -> io::Result<()> {
    const ENCRYPTION: [u32; 2] = [80_877_103, 80_877_104];
    loop {
        let length = client.read_u32().await?;
        let mut body = vec![0; (length as usize).saturating_sub(4).min(10_000)];
        client.read_exact(&mut body).await?;
        if ENCRYPTION.iter().any(|code| body == code.to_be_bytes()) {
            client.write_all(b"N").await?;
            continue;
        }
        server.write_u32(length).await?;
        return server.write_all(&body).await;
    }
}

async fn up(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, talk: &Mutex<Talk>) -> io::Result<()> {
    let mut chunk = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut chunk).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        hear(talk).heard(&chunk[..read]);
        to.write_all(&chunk[..read]).await?;
    }
}

async fn down(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    talk: &Mutex<Talk>,
    mut limit: watch::Receiver<usize>,
) -> io::Result<()> {
    let mut chunk = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut chunk).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        // What is held back when the proxy goes never arrives.
        let flows = limit.wait_for(|limit| hear(talk).flights() < *limit);
        flows.await.map_err(io::Error::other)?;
        hear(talk).answered = true;
        to.write_all(&chunk[..read]).await?;
    }
}

fn hear(talk: &Mutex<Talk>) -> MutexGuard<'_, Talk> {
    talk.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one connection says, message by message.
struct Talk {
    seen: Arc<Mutex<Seen>>,
    /// The beginning of a message that hasn't arrived in full.
    rest: Vec<u8>,
    answered: bool,
    /// The text of each prepared statement and each portal.
    prepared: HashMap<Vec<u8>, String>,
    portals: HashMap<Vec<u8>, String>,
}

impl Talk {
    fn new(seen: Arc<Mutex<Seen>>) -> Self {
        let (prepared, portals) = (HashMap::new(), HashMap::new());
        Self {
            seen,
            rest: Vec::new(),
            answered: true,
            prepared,
            portals,
        }
    }

    fn flights(&self) -> usize {
        lock(&self.seen).flights
    }

    fn heard(&mut self, chunk: &[u8]) {
        self.rest.extend_from_slice(chunk);
        let buffer = std::mem::take(&mut self.rest);
        let mut rest = buffer.as_slice();
        while let Some((kind, body, after)) = message(rest) {
            self.note(kind, body);
            rest = after;
        }
        self.rest = rest.to_vec();
    }

    fn note(&mut self, kind: u8, body: &[u8]) {
        // Passwords and the farewell are no round trips of the work.
        if !matches!(kind, b'p' | b'X') && std::mem::take(&mut self.answered) {
            lock(&self.seen).flights += 1;
        }
        let (first, after) = cut(body);
        let (second, _) = cut(after);
        let texts = match kind {
            b'Q' => self.simple(&String::from_utf8_lossy(first)),
            b'E' => vec![self.portals.get(first).cloned().unwrap_or_default()],
            b'P' => {
                let text = String::from_utf8_lossy(second);
                let text = without_stamp(&text).to_owned();
                self.prepared.insert(first.to_vec(), text);
                vec![]
            }
            b'B' => {
                let text = self.prepared.get(second).cloned().unwrap_or_default();
                self.portals.insert(first.to_vec(), text);
                vec![]
            }
            _ => vec![],
        };
        lock(&self.seen).statements.extend(texts);
    }

    /// The texts of a simple query: that of beginning, that of the scope's first statement, which
    /// may be prepared before, and a `COMMIT` behind it.
    fn simple(&mut self, text: &str) -> Vec<String> {
        let Some((before, execute)) = text.split_once("; EXECUTE ") else {
            return vec![text.to_owned()];
        };
        let (mut begin, prepare) = before.split_once("; PREPARE ").unwrap_or((before, ""));
        if let Some((name, statement)) = prepare.split_once(" AS ") {
            let statement = without_stamp(statement).to_owned();
            self.prepared.insert(word(name), statement);
        }
        begin = begin.split("; DEALLOCATE ").next().unwrap_or(begin);
        let (execute, end) = match execute.strip_suffix("; COMMIT") {
            Some(execute) => (execute, Some("COMMIT".to_owned())),
            None => (execute, None),
        };
        let first = self.prepared.get(&word(execute)).cloned();
        let texts = [begin.to_owned(), first.unwrap_or_default()];
        texts.into_iter().chain(end).collect()
    }
}

fn word(text: &str) -> Vec<u8> {
    text.split(' ').next().unwrap_or(text).into()
}

/// A prepared statement as it was asked, before the door put a comment in front.
fn without_stamp(text: &str) -> &str {
    let stamped = text.strip_prefix("/*");
    let after = stamped.and_then(|text| text.split_once("*/ "));
    after.map_or(text, |(_, statement)| statement)
}

/// The first whole message: its kind, its body, and what follows it.
fn message(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (kind, after) = bytes.split_first()?;
    let length = u32::from_be_bytes(*after.first_chunk()?) as usize;
    let body = after.get(4..length)?;
    Some((*kind, body, &after[length..]))
}

/// The bytes before the next NUL, and those after it.
fn cut(bytes: &[u8]) -> (&[u8], &[u8]) {
    let at = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    (&bytes[..at], bytes.get(at + 1..).unwrap_or_default())
}
