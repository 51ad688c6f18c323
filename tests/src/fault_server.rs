//! An HTTP server on this machine that does what servers should not, with certificates good and bad.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A piece of a large body.
static SPACES: [u8; 16 * 1024] = [b' '; 16 * 1024];

/// How a server answers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// As it should: the status, headers and body.
    Plain(u16, Vec<(String, String)>, Vec<u8>),
    /// These bytes, and the end of the connection.
    Raw(Vec<u8>),
    /// Never.
    Silence,
    /// After a while.
    Late(Duration, Box<Answer>),
    /// One byte after the other, with pauses.
    Slow(Vec<u8>, Duration),
    /// The first bytes at once, the others as above.
    SlowAfter(Vec<u8>, Vec<u8>, Duration),
    /// The connection breaks before the request is read.
    Reset,
    /// These bytes, and then the connection breaks.
    ResetAfter(Vec<u8>),
    /// A body of so many spaces, whose length is announced or not.
    Large(usize, bool),
    /// These bytes once, and the others until the client has enough of them.
    Again(Vec<u8>, Vec<u8>),
}

impl Answer {
    /// A document as JSON.
    pub fn json(body: impl Into<Vec<u8>>) -> Answer {
        Answer::Plain(200, vec![("Content-Type".into(), "application/json".into())], body.into())
    }

    /// A status without a body.
    pub fn status(status: u16) -> Answer {
        Answer::Plain(status, Vec::new(), Vec::new())
    }

    /// A redirect.
    pub fn redirect(target: &str) -> Answer {
        Answer::Plain(302, vec![("Location".into(), target.into())], Vec::new())
    }

    /// A body without end, in chunks.
    pub fn endless() -> Answer {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
        let chunk = [b"400\r\n".as_slice(), &[b' '; 0x400], b"\r\n"].concat();
        Answer::Again(head.into(), chunk)
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Answer {
        if let Answer::Plain(_, headers, _) = &mut self {
            headers.retain(|header| header.0 != name);
            headers.push((name.into(), value.into()));
        }
        self
    }
}

/// A request as it came: the path, and the headers with their names in small letters.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The request line.
    pub line: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
}

impl Asked {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.0 == name).map(|header| header.1.as_str())
    }
}

/// What is wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// Nothing: it is for `localhost`, 127.0.0.1, ::1 and `idp.example.test`.
    Good,
    /// Its time is over.
    Expired,
    /// Its time is over in five days.
    Ending,
    /// Its time has not come.
    Early,
    /// It is for another host.
    OtherHost,
    /// It vouches for itself.
    SelfSigned,
    /// There is none: the server speaks plain HTTP.
    None,
    /// None either: the server accepts connections, and that is all.
    Silent,
    /// A good one, but it comes a byte at a time, as everything beneath TLS does.
    Slow,
}

/// How a server speaks on a connection.
#[derive(Clone)]
enum Peer {
    Http,
    /// Plain HTTP where TLS is expected.
    HttpForTls,
    Tls(Arc<ServerConfig>),
    Silent,
    Slow(Arc<ServerConfig>),
}

/// An authority of one test.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate, in PEM.
    pub pem: String,
}

impl Authority {
    /// A new one.
    pub fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Authority of a test");
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { issuer: Issuer::new(params, key), pem }
    }

    fn peer(&self, kind: Certificate) -> Peer {
        match kind {
            Certificate::None => Peer::HttpForTls,
            Certificate::Silent => Peer::Silent,
            Certificate::Slow => Peer::Slow(self.config(kind)),
            _ => Peer::Tls(self.config(kind)),
        }
    }

    fn config(&self, kind: Certificate) -> Arc<ServerConfig> {
        let hosts: &[&str] = match kind {
            Certificate::OtherHost => &["other.example.test"],
            _ => &["localhost", "127.0.0.1", "::1", "idp.example.test"],
        };
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        match kind {
            Certificate::Expired => params.not_after = date_time_ymd(2020, 1, 1),
            Certificate::Ending => {
                let soon = SystemTime::now() + Duration::from_secs(5 * 86_400 + 3600);
                params.not_after = soon.into();
            }
            Certificate::Early => params.not_before = date_time_ymd(2200, 1, 1),
            _ => {}
        }
        let key = KeyPair::generate().unwrap();
        let certificate = match kind {
            Certificate::SelfSigned => params.self_signed(&key).unwrap(),
            _ => params.signed_by(&key, &self.issuer).unwrap(),
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let builder = builder.unwrap().with_no_client_auth();
        Arc::new(builder.with_single_cert(vec![certificate.der().clone()], key.into()).unwrap())
    }
}

impl Default for Authority {
    fn default() -> Authority {
        Authority::new()
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Authority").finish_non_exhaustive()
    }
}

/// A server. It ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    is_tls: bool,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    answers: Mutex<HashMap<String, VecDeque<Answer>>>,
    asked: Mutex<Vec<Asked>>,
    is_over: AtomicBool,
    open: AtomicUsize,
}

impl Server {
    /// Without TLS.
    pub fn plain() -> Server {
        Server::begin(vec![Peer::Http])
    }

    /// With TLS and such a certificate of the authority.
    pub fn tls(authority: &Authority, kind: Certificate) -> Server {
        Server::begin(vec![authority.peer(kind)])
    }

    /// With TLS and a good certificate for the first connection, and another for those that follow.
    pub fn tls_once(authority: &Authority, then: Certificate) -> Server {
        Server::begin(vec![authority.peer(Certificate::Good), authority.peer(then)])
    }

    /// How it speaks on each connection; the last is for all that follow.
    fn begin(peers: Vec<Peer>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let is_tls = !matches!(peers[0], Peer::Http);
        let server = Server { address, is_tls, state: Arc::clone(&state) };
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                if state.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let peer = peers[number.min(peers.len() - 1)].clone();
                let (Ok(stream), state) = (stream, Arc::clone(&state)) else { continue };
                state.open.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || {
                    // What breaks is the client's affair: that is what is tested.
                    let _ = serve(stream, peer, &state);
                    state.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        server
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// A URL of this server, by a host that is this machine.
    pub fn url(&self, host: &str, path: &str) -> String {
        format!("{}://{host}:{}{path}", if self.is_tls { "https" } else { "http" }, self.port())
    }

    /// From now on it answers so to requests for the path.
    pub fn put(&self, path: &str, answer: Answer) {
        self.put_all(path, [answer]);
    }

    /// From now on it answers so, one after the other; the last answer is for all requests that follow.
    pub fn put_all(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        self.state.answers.lock().unwrap().insert(path.to_owned(), answers.into_iter().collect());
    }

    /// The requests since the last time.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.state.asked.lock().unwrap())
    }

    /// How many connections are open.
    pub fn open(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

impl State {
    /// The answer to a request.
    fn next(&self, path: &str) -> Option<Answer> {
        let mut answers = self.answers.lock().unwrap();
        let answers = answers.get_mut(path)?;
        if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
    }

    fn breaks_now(&self) -> bool {
        let answers = self.answers.lock().unwrap();
        answers.values().any(|answers| matches!(answers.front(), Some(Answer::Reset)))
    }
}

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

fn serve(socket: TcpStream, peer: Peer, state: &State) -> io::Result<()> {
    socket.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut bytes = [0; 64];
    if state.breaks_now() {
        // What was sent and not read makes the end of a connection a reset.
        socket.peek(&mut bytes)?;
        return Ok(());
    }
    match peer {
        Peer::Http => answer(&mut &socket, &socket, state),
        Peer::Tls(config) => {
            let connection = ServerConnection::new(config).map_err(io::Error::other)?;
            let mut stream = StreamOwned::new(connection, &socket);
            answer(&mut stream, &socket, state)?;
            stream.conn.send_close_notify();
            stream.flush()
        }
        Peer::Slow(config) => {
            socket.set_nodelay(true)?;
            let connection = ServerConnection::new(config).map_err(io::Error::other)?;
            answer(&mut StreamOwned::new(connection, Drip(&socket)), &socket, state)
        }
        Peer::HttpForTls | Peer::Silent => {
            // A server of plain HTTP says that it was asked for something else.
            if matches!(peer, Peer::HttpForTls) && (&socket).read(&mut bytes)? > 0 {
                (&socket).write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")?;
            }
            while (&socket).read(&mut bytes)? > 0 {}
            Ok(())
        }
    }
}

/// Writes a byte ten times a second.
struct Drip<'s>(&'s TcpStream);

impl Read for Drip<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for Drip<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        thread::sleep(Duration::from_millis(100));
        self.0.write(&bytes[..bytes.len().min(1)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn answer(stream: &mut dyn Stream, socket: &TcpStream, state: &State) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && head.len() < 100_000 {
        if stream.read(&mut byte)? == 0 {
            return Ok(());
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next().unwrap_or_default().to_owned();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    state.asked.lock().unwrap().push(Asked { line, headers });
    let mut found = state.next(&path).unwrap_or_else(|| Answer::status(404));
    while let Answer::Late(pause, then) = found {
        thread::sleep(pause);
        found = *then;
    }
    match found {
        Answer::Late(..) => {}
        Answer::Plain(status, headers, body) => {
            let mut head = format!("HTTP/1.1 {status} Status\r\nContent-Length: {}\r\n", body.len());
            headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
            stream.write_all(head.as_bytes())?;
            stream.write_all(b"\r\n")?;
            stream.write_all(&body)?;
        }
        Answer::Raw(bytes) => stream.write_all(&bytes)?,
        Answer::Silence => while stream.read(&mut byte)? > 0 {},
        Answer::Slow(bytes, pause) => slowly(stream, &bytes, pause, state)?,
        Answer::SlowAfter(begin, bytes, pause) => {
            stream.write_all(&begin)?;
            slowly(stream, &bytes, pause, state)?;
        }
        Answer::Reset => {}
        Answer::ResetAfter(bytes) => {
            stream.write_all(&bytes)?;
            stream.flush()?;
            thread::sleep(Duration::from_millis(50)); // what was sent is read before
            #[cfg(target_os = "linux")]
            rustix::net::sockopt::set_socket_linger(socket, Some(Duration::ZERO))?;
            // Closed without a farewell.
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Answer::Large(length, is_announced) => {
            let mut head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n".to_owned();
            if is_announced {
                head += &format!("Content-Length: {length}\r\n");
            }
            stream.write_all((head + "\r\n").as_bytes())?;
            for _ in 0..length.div_ceil(SPACES.len()) {
                stream.write_all(&SPACES)?;
            }
        }
        Answer::Again(begin, again) => {
            stream.write_all(&begin)?;
            while !state.is_over.load(Ordering::SeqCst) {
                stream.write_all(&again)?;
                stream.flush()?;
            }
        }
    }
    stream.flush()
}

fn slowly(stream: &mut dyn Stream, bytes: &[u8], pause: Duration, state: &State) -> io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte])?;
        stream.flush()?;
        thread::sleep(pause);
        if state.is_over.load(Ordering::SeqCst) {
            break;
        }
    }
    Ok(())
}

/// A proxy that leads every CONNECT to one address, and remembers what it was asked for.
#[derive(Debug)]
pub struct ConnectProxy {
    /// Where it listens.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ConnectProxy {
    /// Leads to that port of this machine.
    pub fn to(port: u16) -> ConnectProxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = ConnectProxy { address: listener.local_addr().unwrap(), asked: Arc::default() };
        let asked = Arc::clone(&proxy.asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let asked = Arc::clone(&asked);
                thread::spawn(move || tunnel(stream, port, &asked));
            }
        });
        proxy
    }

    /// The request lines so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn tunnel(mut client: TcpStream, port: u16, asked: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte)? > 0 {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    asked.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
    let mut server = TcpStream::connect(("127.0.0.1", port))?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (mut upward_from, mut upward_to) = (client.try_clone()?, server.try_clone()?);
    let upward = thread::spawn(move || io::copy(&mut upward_from, &mut upward_to));
    let _ = io::copy(&mut server, &mut client);
    let _ = client.shutdown(std::net::Shutdown::Both);
    let _ = server.shutdown(std::net::Shutdown::Both);
    let _ = upward.join();
    Ok(())
}
