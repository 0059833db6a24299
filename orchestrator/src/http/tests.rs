//! The client against a small server: connections, proxies, certificates, repetitions.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Uri};

use super::error::ResolveError;
use super::scripted::{Act, Greeting, Server, authority_file};
use super::{Http, HttpError, Stats};

const LIMIT: Duration = Duration::from_secs(20);

fn client(vars: &[(&str, &str)]) -> Http {
    try_client(vars).expect("usable settings")
}

fn try_client(vars: &[(&str, &str)]) -> Result<Http, HttpError> {
    let vars: HashMap<String, String> =
        vars.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    Http::from_vars(&|name| vars.get(name).cloned())
}

fn request(method: Method, url: &str) -> Request<Bytes> {
    Request::builder().method(method).uri(url).body(Bytes::new()).expect("a request")
}

async fn get(http: &Http, url: &str) -> Result<String, HttpError> {
    let answer = http.send(request(Method::GET, url), LIMIT).await?;
    Ok(String::from_utf8_lossy(answer.body()).into_owned())
}

fn said(text: &str) -> Act {
    Act::Answer(200, Vec::new(), text.to_owned())
}

fn uri(url: &str) -> Uri {
    url.parse().expect("a URL")
}

#[tokio::test]
async fn warmed_connection_is_used_and_costs_no_request() {
    let server = Server::tls([said("one"), said("two")]).await;
    let http = client(&[("SSL_CERT_FILE", &authority_file().to_string_lossy())]);
    http.warm(&uri(&server.url("/")));
    server.wait_for_connections(1).await;
    assert_eq!(http.stats().requests, 0);
    assert_eq!(get(&http, &server.url("/a")).await.ok().as_deref(), Some("one"));
    assert_eq!(get(&http, &server.url("/b")).await.ok().as_deref(), Some("two"));
    assert_eq!(server.lines(), ["GET /a", "GET /b"]);
    assert_eq!((server.accepted(), http.stats()), (1, Stats { requests: 2, connections: 1 }));
}

#[tokio::test]
async fn connection_that_is_still_being_made_is_waited_for() {
    let server = Server::start([said("one")]).await;
    let http = client(&[]);
    http.warm(&uri(&server.url("/")));
    assert!(get(&http, &server.url("/")).await.is_ok());
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn warmed_connection_serves_its_own_host_only() {
    let (warmed, other) = (Server::start([]).await, Server::start([said("other")]).await);
    let http = client(&[]);
    http.warm(&uri(&warmed.url("/")));
    assert_eq!(get(&http, &other.url("/")).await.ok().as_deref(), Some("other"));
    assert_eq!(other.accepted(), 1);
}

#[tokio::test]
async fn warmed_connection_that_the_server_closed_is_replaced() {
    let server = Server::greeting(Greeting::CloseFirst, [said("one")]).await;
    let http = client(&[]);
    http.warm(&uri(&server.url("/")));
    server.wait_for_connections(1).await;
    assert_eq!(get(&http, &server.url("/")).await.ok().as_deref(), Some("one"));
    assert_eq!(server.accepted(), 2);
}

#[tokio::test]
async fn failed_warm_up_leaves_the_next_request_to_dial_anew() {
    let http = client(&[]);
    let closed = closed_port().await;
    http.warm(&uri(&format!("http://{closed}/")));
    let fault = get(&http, &format!("http://{closed}/")).await.expect_err("nobody listens");
    assert!(matches!(fault, HttpError::Connect { .. }), "{fault:?}");
}

#[tokio::test]
async fn pooled_connection_that_the_server_closed_is_no_error() {
    let server = Server::start([Act::AnswerThenClose(200, "one".to_owned()), said("two")]).await;
    let http = client(&[]);
    assert!(get(&http, &server.url("/a")).await.is_ok());
    assert_eq!(get(&http, &server.url("/b")).await.ok().as_deref(), Some("two"));
}

#[tokio::test]
async fn idempotent_request_whose_connection_broke_is_sent_once_more() {
    let server = Server::start([Act::HangUp, said("again")]).await;
    assert_eq!(get(&client(&[]), &server.url("/a")).await.ok().as_deref(), Some("again"));
    assert_eq!(server.lines(), ["GET /a", "GET /a"]);
}

#[tokio::test]
async fn post_whose_connection_broke_is_not_repeated() {
    let server = Server::start([Act::HangUp, said("again")]).await;
    let answer = client(&[]).send(request(Method::POST, &server.url("/a")), LIMIT).await;
    let fault = answer.expect_err("a broken connection");
    assert!(matches!(fault, HttpError::Broken { .. }) && !fault.is_unsent(), "{fault:?}");
    assert_eq!(server.lines(), ["POST /a"]);
}

#[tokio::test]
async fn silent_server_is_given_up_after_the_limit() {
    let server = Server::start([Act::Silence]).await;
    let answer = client(&[]).send(request(Method::GET, &server.url("/")), Duration::from_millis(20)).await;
    assert!(matches!(answer, Err(HttpError::Timeout { .. })), "{answer:?}");
}

#[tokio::test]
async fn refused_connection_names_host_and_port() {
    let closed = closed_port().await;
    let fault = get(&client(&[]), &format!("http://{closed}/x")).await.expect_err("nobody listens");
    assert_eq!(fault.to_string(), format!("could not connect to {closed}"));
    assert!(fault.is_unsent() && fault.is_passing());
}

#[tokio::test]
async fn unknown_authority_is_refused_with_the_setting_that_helps() {
    let server = Server::tls([said("one")]).await;
    let fault = get(&client(&[]), &server.url("/")).await.expect_err("an unknown authority");
    assert!(matches!(fault, HttpError::Tls { .. }) && fault.to_string().contains("SSL_CERT_FILE"), "{fault}");
    assert!(!fault.is_passing());
}

#[tokio::test]
async fn each_variable_for_certificates_adds_its_authorities() {
    for variable in ["SSL_CERT_FILE", "AWS_CA_BUNDLE"] {
        let server = Server::tls([said("one")]).await;
        let http = client(&[(variable, &authority_file().to_string_lossy())]);
        assert_eq!(get(&http, &server.url("/")).await.ok().as_deref(), Some("one"), "{variable}");
    }
}

#[tokio::test]
async fn file_without_certificates_is_refused_by_its_variable_when_it_is_needed() {
    let server = Server::tls([]).await;
    let http = client(&[("AWS_CA_BUNDLE", "/dev/null")]);
    let fault = get(&http, &server.url("/")).await.expect_err("no certificate");
    assert!(fault.to_string().starts_with("AWS_CA_BUNDLE=/dev/null holds no certificate"), "{fault}");
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn https_goes_through_the_proxys_tunnel_with_its_credentials() {
    let (proxy, server) = (Server::start([Act::Tunnel]).await, Server::tls([said("through")]).await);
    let proxy_url = proxy.url("").replace("http://", "http://user:pass@");
    let http = client(&[("https_proxy", &proxy_url), ("SSL_CERT_FILE", &authority_file().to_string_lossy())]);
    assert_eq!(get(&http, &server.url("/a")).await.ok().as_deref(), Some("through"));
    let connect = &proxy.seen()[0];
    assert_eq!(connect.method, "CONNECT");
    assert_eq!(connect.header("proxy-authorization"), Some("Basic dXNlcjpwYXNz"));
    assert_eq!(server.seen()[0].header("proxy-authorization"), None);
}

#[tokio::test]
async fn proxy_that_wants_credentials_is_told_apart() {
    let proxy = Server::start([Act::Answer(407, Vec::new(), String::new())]).await;
    let http = client(&[("HTTPS_PROXY", &proxy.url(""))]);
    let fault = get(&http, "https://service.invalid/").await.expect_err("a refusal");
    let text = fault.to_string();
    assert!(text.contains("service.invalid") && text.contains("http://USER:PASSWORD@HOST:PORT"), "{text}");
}

#[tokio::test]
async fn proxy_that_refuses_a_destination_is_named_without_its_credentials() {
    let proxy = Server::start([Act::Answer(403, Vec::new(), String::new())]).await;
    let http = client(&[("HTTPS_PROXY", &proxy.url("").replace("http://", "http://user:s3cret@"))]);
    let text = get(&http, "https://service.invalid/").await.expect_err("a refusal").to_string();
    let address = proxy.url("").replace("http://", "");
    assert!(text.starts_with(&format!("the proxy {address} opened no tunnel to service.invalid")), "{text}");
    assert!(text.contains("NO_PROXY") && !text.contains("s3cret"), "{text}");
}

#[test]
fn name_without_an_address_is_told_apart_from_a_refused_connection() {
    let unknown = ResolveError(std::io::Error::other("Name or service not known"));
    let fault = HttpError::from_dial("nosuch.invalid", None, std::io::Error::other(unknown).into());
    assert!(matches!(fault, HttpError::Dns { .. }) && fault.to_string().contains("nosuch.invalid"), "{fault}");
}

#[tokio::test]
async fn plain_http_goes_to_the_proxy_in_absolute_form() {
    let proxy = Server::start([said("forwarded")]).await;
    let http = client(&[("HTTP_PROXY", &proxy.url("").replace("http://", "http://user:pass@"))]);
    assert_eq!(get(&http, "http://service.invalid/a?b=c").await.ok().as_deref(), Some("forwarded"));
    assert_eq!(proxy.lines(), ["GET http://service.invalid/a?b=c"]);
    assert_eq!(proxy.seen()[0].header("proxy-authorization"), Some("Basic dXNlcjpwYXNz"));
}

#[tokio::test]
async fn hosts_in_no_proxy_are_called_directly() {
    let (proxy, server) = (Server::start([]).await, Server::start([said("direct")]).await);
    let http = client(&[("HTTP_PROXY", &proxy.url("")), ("no_proxy", "example.com,127.0.0.1")]);
    assert_eq!(get(&http, &server.url("/")).await.ok().as_deref(), Some("direct"));
    assert_eq!(proxy.accepted(), 0);
}

#[test]
fn proxies_that_would_be_bypassed_silently_are_refused_without_showing_them() {
    for value in ["socks5://user:pass@host:1080", "https://user:pass@host", "http://", "http://user:pass@ho st"] {
        let fault = try_client(&[("https_proxy", value)]).expect_err(value).to_string();
        assert!(fault.contains("https_proxy") && !fault.contains("pass"), "{fault}");
    }
}

#[test]
fn empty_proxy_settings_are_none() {
    assert!(try_client(&[("HTTPS_PROXY", ""), ("ALL_PROXY", " ")]).is_ok());
}

async fn closed_port() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("an address").to_string()
}
