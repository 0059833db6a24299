//! The client as the AWS SDK wants it: its timeouts honoured, its errors told so that it retries rightly.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;

use super::{CONNECT_LIMIT, Http, HttpError};

/// How long the head of an answer may take where the SDK sets nothing: it does, unless the user switched it off.
const READ_LIMIT: Duration = Duration::from_secs(120);

impl Http {
    /// The client for the AWS SDK. Connections that [`Http::warm`] opened are handed to it.
    pub fn for_aws(&self) -> SharedHttpClient {
        SharedHttpClient::new(AwsClient { http: self.clone(), connectors: Mutex::default() })
    }
}

/// One connector, and with it one pool, for each combination of limits: the SDK asks anew for every request.
#[derive(Debug)]
struct AwsClient {
    http: Http,
    connectors: Mutex<HashMap<Limits, SharedHttpConnector>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Limits {
    connect: Duration,
    read: Duration,
}

impl HttpClient for AwsClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let limits = Limits {
            connect: settings.connect_timeout().unwrap_or(CONNECT_LIMIT),
            read: settings.read_timeout().unwrap_or(READ_LIMIT),
        };
        let mut connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        let connector = connectors.entry(limits).or_insert_with(|| {
            let http = self.http.with_connect_limit(limits.connect);
            SharedHttpConnector::new(AwsConnector { http, read_limit: limits.read })
        });
        connector.clone()
    }
}

#[derive(Clone, Debug)]
struct AwsConnector {
    http: Http,
    read_limit: Duration,
}

impl HttpConnector for AwsConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.clone();
        HttpConnectorFuture::new(async move { connector.exchange(request).await })
    }
}

impl AwsConnector {
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|cause| ConnectorError::user(cause.into()))?;
        let (parts, body) = request.into_parts();
        let body = read_body(body).await.map_err(ConnectorError::user)?;
        let request = http::Request::from_parts(parts, body);
        let answer = self.http.open(request, self.read_limit).await.map_err(tell)?;
        HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
            .map_err(|cause| ConnectorError::other(cause.into(), None))
    }
}

/// The bodies of the operations used here are small and in memory already.
async fn read_body(body: SdkBody) -> Result<Bytes, aws_smithy_runtime_api::box_error::BoxError> {
    match body.bytes() {
        Some(bytes) => Ok(Bytes::copy_from_slice(bytes)),
        None => Ok(body.collect().await?.to_bytes()),
    }
}

/// The SDK repeats what timed out and what failed as input or output; what will not pass by itself must be neither.
fn tell(fault: HttpError) -> ConnectorError {
    match fault {
        HttpError::Timeout { .. } => ConnectorError::timeout(fault.into()),
        HttpError::ConnectTimeout { .. } => ConnectorError::timeout(fault.into()).never_connected(),
        _ if !fault.is_passing() => ConnectorError::user(fault.into()),
        HttpError::Broken { .. } => ConnectorError::io(fault.into()),
        _ => ConnectorError::io(fault.into()).never_connected(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::tell;
    use crate::http::HttpError;

    #[test]
    fn only_faults_that_pass_by_themselves_are_told_as_such() {
        let refused =
            HttpError::from_dial("host", None, std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into());
        assert!(tell(refused).is_io());
        assert!(tell(HttpError::broken("host", "reset")).is_io());
        assert!(tell(HttpError::timeout("host", Duration::ZERO)).is_timeout());
        assert!(tell(HttpError::Settings("no such file".to_owned())).is_user());
        let unknown = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        assert!(tell(HttpError::from_dial("host", None, std::io::Error::other(unknown).into())).is_user());
    }
}
