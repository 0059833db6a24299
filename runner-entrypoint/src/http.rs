//! Plain HTTP for the short-lived children: one agent, embedded roots, no redirects.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// Far above the largest answer that is asked for (a JIT configuration has about 5 KB, a page of runners 100 KB).
const LARGEST_BODY: u64 = 4 * 1024 * 1024;
const USER_AGENT: &str = concat!("mayfly-runner-entrypoint/", env!("CARGO_PKG_VERSION"));

/// Whether the proxies of the environment apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proxies {
    FromEnvironment,
    /// For addresses that only exist on this machine, such as the task's credential endpoint.
    None,
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// More than any head of GitHub's or AWS's, in bytes; bodies go through it in pieces.
const BUFFER: usize = 16 * 1024;

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A client for one server.
pub(crate) struct Http {
    agent: Agent,
}

impl Http {
    /// Prepares a client. TLS is only set up for `https` addresses: certificates cost time in a process that lives for
    /// milliseconds.
    ///
    /// # Errors
    /// A text, where `SSL_CERT_FILE` cannot be used.
    pub(crate) fn for_url(url: &str, proxies: Proxies) -> Result<Self, String> {
        let mut builder =
            Agent::config_builder().http_status_as_error(false).max_redirects(0).user_agent(USER_AGENT).no_delay(true);
        // By default ureq maps 128 KiB for each, and zeroes them between a SIGTERM and its DELETE.
        builder = builder.input_buffer_size(BUFFER).output_buffer_size(BUFFER);
        if proxies == Proxies::None {
            builder = builder.proxy(None);
        }
        if let (true, Some(roots)) = (url.starts_with("https://"), own_roots()?) {
            builder = builder.tls_config(TlsConfig::builder().root_certs(roots).build());
        }
        Ok(Self { agent: builder.build().new_agent() })
    }

    /// Sends a request and reads the whole answer.
    pub(crate) fn send(&self, request: Request<Vec<u8>>, within: Duration) -> Result<Reply, ureq::Error> {
        let response = if request.body().is_empty() {
            self.agent.run(self.limited(request.map(|_| ()), within))
        } else {
            self.agent.run(self.limited(request, within))
        };
        let (parts, mut body) = response?.into_parts();
        let body = body.with_config().limit(LARGEST_BODY).read_to_vec()?;
        Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// A limit for each part instead of one for the whole: under that ureq starts a thread for each lookup of a name. PID 1 ends
    /// a child that takes too long in all.
    fn limited<B: ureq::AsSendBody>(&self, request: Request<B>, within: Duration) -> Request<B> {
        self.agent
            .configure_request(request)
            .timeout_connect(Some(within))
            .timeout_send_request(Some(within))
            .timeout_send_body(Some(within))
            .timeout_recv_response(Some(within))
            .timeout_recv_body(Some(within))
            .build()
    }
}

/// Whether `SSL_CERT_FILE`, where it is set, can be read at all. Its content is looked at where it is used.
///
/// # Errors
/// A text that names the file.
pub(crate) fn check_own_roots() -> Result<(), String> {
    let Some(path) = own_roots_path() else { return Ok(()) };
    // Opening is not enough: a folder can be opened.
    let read = std::fs::File::open(&path).and_then(|mut file| std::io::Read::read(&mut file, &mut [0; 1]));
    read.map(drop).map_err(|cause| roots_refusal(&path, &cause))
}

fn own_roots_path() -> Option<OsString> {
    std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty())
}

fn roots_refusal(path: &OsStr, cause: &dyn std::fmt::Display) -> String {
    format!("SSL_CERT_FILE ({}) cannot be used: {cause}", path.display())
}

/// The certificates of `SSL_CERT_FILE`, which then replace the embedded ones, as they do everywhere else.
fn own_roots() -> Result<Option<RootCerts>, String> {
    let Some(path) = own_roots_path() else { return Ok(None) };
    let ders = CertificateDer::pem_file_iter(&path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let ders = ders.map_err(|cause| roots_refusal(&path, &cause))?;
    if ders.is_empty() {
        return Err(roots_refusal(&path, &"it holds no certificate"));
    }
    let certificates: Vec<_> = ders.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    Ok(Some(RootCerts::from(certificates)))
}
