//! Which proxy, if any, a request goes through: read from the usual variables, by curl's rules.

use http::uri::Scheme;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use super::HttpError;

/// The proxy settings.
pub(super) struct Proxies(Matcher);

impl Proxies {
    /// # Errors
    /// Where a proxy's address is not `http://HOST:PORT`. The text does not show the address: it may hold a password.
    pub(super) fn from_vars(vars: &dyn Fn(&str) -> Option<String>) -> Result<Self, HttpError> {
        let read = |name| first(vars, name);
        let matcher = Matcher::builder()
            .https(checked(read("HTTPS_PROXY"))?)
            .http(checked(read("HTTP_PROXY"))?)
            .all(checked(read("ALL_PROXY"))?)
            .no(read("NO_PROXY").map(|(_, value)| value).unwrap_or_default())
            .build();
        Ok(Self(matcher))
    }

    /// The proxy on the way to `uri`.
    pub(super) fn route(&self, uri: &Uri) -> Option<Intercept> {
        self.0.intercept(uri)
    }

    /// What a plain http request must carry for its proxy. A tunnel carries it in its CONNECT, and the request nothing.
    pub(super) fn authorization(&self, uri: &Uri) -> Option<HeaderValue> {
        if uri.scheme() != Some(&Scheme::HTTP) {
            return None;
        }
        self.route(uri)?.basic_auth().cloned()
    }
}

type Setting = Option<(String, String)>;

fn first(vars: &dyn Fn(&str) -> Option<String>, name: &str) -> Setting {
    [name.to_owned(), name.to_lowercase()]
        .into_iter()
        .find_map(|name| vars(&name).filter(|value| !value.trim().is_empty()).map(|value| (name, value)))
}

fn checked(setting: Setting) -> Result<String, HttpError> {
    let Some((name, value)) = setting else {
        return Ok(String::new());
    };
    let value = value.trim().to_owned();
    let scheme = value.split_once("://").map_or("http", |(scheme, _)| scheme);
    if !scheme.eq_ignore_ascii_case("http") {
        return Err(HttpError::Settings(format!(
            "{name} names a {scheme} proxy; only http proxies are supported: write http://HOST:PORT"
        )));
    }
    // The matcher drops what it cannot read, and requests would then silently go past the proxy.
    let probe = Matcher::builder().all(value.clone()).build().intercept(&Uri::from_static("https://probe.invalid"));
    if probe.is_none() {
        return Err(HttpError::Settings(format!("{name} is not a proxy's address; write http://HOST:PORT")));
    }
    Ok(value)
}
