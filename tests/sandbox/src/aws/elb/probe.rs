//! The health checks: real requests to where the targets really listen.

use std::net::SocketAddr;
use std::sync::Weak;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::head;
use super::target::{Finding, Health};
use crate::aws::shared::Shared;

/// The next check of a target.
struct Round {
    address: SocketAddr,
    path: String,
    interval: Duration,
    timeout: Duration,
}

/// Checks a target for as long as it is registered and not draining. Targets of a group that no rule forwards to are
/// not checked.
pub(super) async fn watch(shared: Weak<Shared>, group: String, registration: u64) {
    while let Some(round) = shared.upgrade().and_then(|shared| plan(&shared, &group, registration)) {
        tokio::time::sleep(round.interval).await;
        if !shared.upgrade().is_some_and(|shared| shared.state().elb.is_used(&group)) {
            continue;
        }
        let finding = check(&round).await;
        if let Some(shared) = shared.upgrade() {
            note(&shared, &group, registration, &finding);
        }
    }
}

fn plan(shared: &Shared, group: &str, registration: u64) -> Option<Round> {
    let pace = shared.pace();
    let state = shared.state();
    let group = state.elb.group(group).ok()?;
    let target = group.targets.iter().find(|target| target.registration == registration)?;
    if target.health == Health::Draining {
        return None;
    }
    let mut address = target.address();
    address.set_port(group.check.port.unwrap_or(target.port));
    Some(Round {
        address,
        path: group.check.path.clone(),
        interval: pace.probe_interval.unwrap_or(Duration::from_secs(group.check.interval.into())),
        timeout: pace.probe_timeout.unwrap_or(Duration::from_secs(group.check.timeout.into())),
    })
}

async fn check(round: &Round) -> Finding {
    match tokio::time::timeout(round.timeout, ask(round.address, &round.path)).await {
        Ok(Ok(Some(status))) => Finding::Status(status),
        Ok(Ok(None) | Err(_)) => Finding::Failed,
        Err(_) => Finding::TimedOut,
    }
}

/// The status that a GET is answered with.
async fn ask(address: SocketAddr, path: &str) -> std::io::Result<Option<u16>> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nUser-Agent: ELB-HealthChecker/2.0\r\n\
         Accept-Encoding: gzip, compressed\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    let mut buffer = [0; 1_024];
    loop {
        let count = stream.read(&mut buffer).await?;
        answer.extend_from_slice(&buffer[..count]);
        if count == 0 || answer.contains(&b'\n') {
            return Ok(head::status(&answer));
        }
    }
}

fn note(shared: &Shared, group: &str, registration: u64, finding: &Finding) {
    let mut state = shared.state();
    let Ok(group) = state.elb.group_mut(group) else { return };
    let check = group.check.clone();
    if let Some(target) = group.targets.iter_mut().find(|target| target.registration == registration) {
        target.note(&check, finding);
    }
    drop(state);
    shared.announce();
}
