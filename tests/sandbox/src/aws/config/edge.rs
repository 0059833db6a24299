//! The load balancer and the certificates that exist at the start.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The account's one load balancer, with a listener for HTTPS (443) and one for HTTP (80).
#[derive(Clone, Debug)]
pub struct LoadBalancerConfig {
    /// Where requests are taken, without TLS and for both listeners. Default `127.0.0.1:0`: a free port.
    pub bind: SocketAddr,
    /// Its name.
    pub name: String,
    /// The domain of the HTTPS listener's certificate.
    pub certificate: String,
    /// The most rules that it may have, default ones aside.
    pub rules: usize,
    /// The most target groups that its rules may forward to.
    pub unique_target_groups: usize,
    /// The most target groups of the account.
    pub target_groups: usize,
    /// The most targets of a group.
    pub targets: usize,
}

impl Default for LoadBalancerConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            name: super::fixture::LOAD_BALANCER.to_owned(),
            certificate: super::fixture::PREVIEW_DOMAIN.to_owned(),
            rules: 100,
            unique_target_groups: 100,
            target_groups: 3_000,
            targets: 1_000,
        }
    }
}

/// A certificate of ACM.
#[derive(Clone, Debug)]
pub struct CertificateConfig {
    /// Its first name.
    pub domain: String,
    /// All of its names.
    pub names: Vec<String>,
    /// `ISSUED`, `PENDING_VALIDATION`, `EXPIRED`, ...
    pub status: String,
    /// How long it is still valid.
    pub valid_for: Duration,
}

impl CertificateConfig {
    /// A good certificate for this one name, which may begin with `*.`.
    pub fn of(domain: &str) -> Self {
        Self {
            domain: domain.to_owned(),
            names: vec![domain.to_owned()],
            status: "ISSUED".to_owned(),
            valid_for: Duration::from_secs(200 * 86_400),
        }
    }
}
