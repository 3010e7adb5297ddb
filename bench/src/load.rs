//! Closed-loop load: each connection sends the same bytes again as soon as the last answer is in.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

/// What a run of load showed.
pub struct Outcome {
    /// Requests answered with the status wanted.
    pub requests: usize,
    /// How long the run took.
    pub elapsed: Duration,
    /// Latencies, ascending.
    pub latencies: Vec<Duration>,
}

impl Outcome {
    /// Answers a second.
    pub fn per_second(&self) -> f64 {
        per(self.requests, self.elapsed)
    }

    /// The latency that 99 in 100 requests stay under.
    pub fn p99(&self) -> Duration {
        let index = self.latencies.len().saturating_sub(1) * 99 / 100;
        self.latencies.get(index).copied().unwrap_or_default()
    }
}

/// A rate.
pub fn per(count: usize, time: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time.as_secs_f64().max(f64::EPSILON)
}

/// Sends `requests` in turn over `connections`, `total` times in all, and wants `status` for each.
pub async fn run(
    address: SocketAddr,
    requests: &[Vec<u8>],
    status: u16,
    connections: usize,
    total: usize,
) -> anyhow::Result<Outcome> {
    let mut tasks = JoinSet::new();
    let begun = now();
    for connection in 0..connections {
        let requests: Vec<_> = requests.iter().skip(connection % requests.len()).cloned().collect();
        let share = total / connections + usize::from(connection < total % connections);
        tasks.spawn(one_connection(address, requests, status, share));
    }
    let mut latencies = Vec::with_capacity(total);
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done??);
    }
    let elapsed = begun.elapsed();
    latencies.sort_unstable();
    Ok(Outcome { requests: latencies.len(), elapsed, latencies })
}

async fn one_connection(
    address: SocketAddr,
    requests: Vec<Vec<u8>>,
    status: u16,
    count: usize,
) -> anyhow::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let expected = format!("HTTP/1.1 {status}");
    let mut latencies = Vec::with_capacity(count);
    let mut buffer = Vec::with_capacity(64 * 1024);
    for request in requests.iter().cycle().take(count) {
        let sent = now();
        stream.write_all(request).await?;
        read_answer(&mut stream, &mut buffer).await?;
        latencies.push(sent.elapsed());
        if !buffer.starts_with(expected.as_bytes()) {
            bail!("wanted {status}, got: {}", String::from_utf8_lossy(&buffer));
        }
    }
    Ok(latencies)
}

/// Reads one answer into the buffer, by its content-length.
async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<()> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            bail!("the server closed the connection after: {}", String::from_utf8_lossy(buffer));
        }
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(buffer.get(..head).unwrap_or_default())?.to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.context("an answer without content-length")?.parse()?;
        if buffer.len() >= head + 4 + length {
            return Ok(());
        }
    }
}

/// The time, for measuring.
pub fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    Instant::now()
}

/// Sends one request and returns the answer's body.
pub async fn once(address: SocketAddr, request: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    let mut buffer = Vec::new();
    stream.write_all(request).await?;
    read_answer(&mut stream, &mut buffer).await?;
    let head = buffer.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(0);
    Ok(buffer.split_off(head + 4))
}

/// How often each status was answered.
pub struct Statuses {
    /// Answers by status.
    pub counts: BTreeMap<u16, usize>,
    /// How long the run took.
    pub elapsed: Duration,
}

/// Sends each request once, over `connections`, and counts the statuses.
pub async fn statuses(address: SocketAddr, requests: Vec<Vec<u8>>, connections: usize) -> anyhow::Result<Statuses> {
    let mut tasks = JoinSet::new();
    let begun = now();
    let share = requests.len().div_ceil(connections);
    for requests in requests.chunks(share).map(<[_]>::to_vec) {
        tasks.spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            let mut buffer = Vec::new();
            let mut counts = BTreeMap::new();
            for request in &requests {
                stream.write_all(request).await?;
                read_answer(&mut stream, &mut buffer).await?;
                let status = buffer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
                *counts.entry(status.context("an answer without a status")?).or_insert(0) += 1;
            }
            anyhow::Ok(counts)
        });
    }
    let mut counts = BTreeMap::new();
    while let Some(done) = tasks.join_next().await {
        for (status, count) in done?? {
            *counts.entry(status).or_insert(0) += count;
        }
    }
    Ok(Statuses { counts, elapsed: begun.elapsed() })
}
