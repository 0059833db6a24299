//! The TLS configuration: roots embedded, those of the environment added, made once and only when it is needed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::HttpError;

/// Variables that name a PEM file with further roots. A proxy that inspects TLS needs one.
const CA_FILES: [&str; 2] = ["SSL_CERT_FILE", "AWS_CA_BUNDLE"];

/// The configuration, before and after it was made.
pub(super) struct Tls {
    files: Vec<(&'static str, PathBuf)>,
    config: OnceLock<Result<Arc<ClientConfig>, HttpError>>,
}

impl Tls {
    pub(super) fn from_vars(vars: &dyn Fn(&str) -> Option<String>) -> Self {
        let named = |name| vars(name).filter(|path| !path.is_empty()).map(|path| (name, PathBuf::from(path)));
        Self { files: CA_FILES.into_iter().filter_map(named).collect(), config: OnceLock::new() }
    }

    /// The configuration. The first call makes it.
    ///
    /// # Errors
    /// Where a file of roots cannot be used; it stays so for the life of the process.
    pub(super) fn config(&self) -> Result<Arc<ClientConfig>, HttpError> {
        self.config.get_or_init(|| self.build()).clone()
    }

    fn build(&self) -> Result<Arc<ClientConfig>, HttpError> {
        // The system's store is left alone on purpose: rustls-native-certs opens some 147 files, 5 to 9 ms in each
        // process. ring, not aws-lc-rs, which spends about 38 ms on entropy before the first handshake.
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for (variable, path) in &self.files {
            add_roots(&mut roots, variable, path)?;
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring serves the default protocol versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn add_roots(roots: &mut RootCertStore, variable: &str, path: &Path) -> Result<(), HttpError> {
    let refuse = |why: String| HttpError::Settings(format!("{variable}={} {why}", path.display()));
    let pem = std::fs::read(path).map_err(|cause| refuse(format!("cannot be read: {cause}")))?;
    let found = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok);
    let (added, _) = roots.add_parsable_certificates(found);
    if added == 0 {
        return Err(refuse("holds no certificate; it must be a PEM file of certificate authorities".to_owned()));
    }
    Ok(())
}
