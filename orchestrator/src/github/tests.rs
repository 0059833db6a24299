//! The client against a server that answers as GitHub does.

mod pull_requests;

use std::time::{Duration, UNIX_EPOCH};

use contract::{Credential, Scope, Secret};
use serde_json::{Value, json};

use super::LimitKind;
use super::{Deleted, GitHub, GitHubError, RunnerId, retry};
use crate::http::Http;
use crate::http::scripted::{Act, Server};

/// Made for these tests.
const APP_KEY: &str = include_str!("tests/app-key.pem");

fn repo() -> Scope {
    Scope::repo("octo/demo").expect("a repository")
}

fn org() -> Scope {
    Scope::Org("octo".to_owned())
}

fn token(text: &str) -> Credential {
    Credential::Token(Secret::new(text))
}

fn app() -> Credential {
    Credential::App { app_id: "12".to_owned(), private_key: Secret::new(APP_KEY) }
}

fn connect(server: &Server, credential: Credential, scope: Scope) -> GitHub {
    let http = Http::from_vars(&|_| None).expect("no settings");
    GitHub::new(http, &server.url("").parse().expect("a URL"), credential, scope).expect("a usable credential")
}

fn runner(id: u64, name: &str) -> Value {
    let labels = json!([{ "id": 1, "name": "self-hosted", "type": "read-only" }]);
    json!({ "id": id, "name": name, "os": "linux", "status": "online", "busy": false, "labels": labels })
}

fn page(runners: &[Value]) -> Value {
    json!({ "total_count": runners.len(), "runners": runners })
}

fn refuse(status: u16, message: &str) -> Act {
    Act::Answer(status, vec![("x-github-request-id", "ABC:12".to_owned())], json!({ "message": message }).to_string())
}

fn with_headers(status: u16, headers: &[(&'static str, &str)], message: &str) -> Act {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Act::Answer(status, headers, json!({ "message": message }).to_string())
}

fn installation(token: &str, expires: &str) -> [Act; 2] {
    [
        Act::json(200, json!({ "id": 7, "account": { "login": "octo" } })),
        Act::json(201, json!({ "token": token, "expires_at": expires })),
    ]
}

#[tokio::test]
async fn all_pages_are_read_and_each_runner_comes_once() {
    let next = r#"<https://api.github.com/x?page=2>; rel="next", <https://api.github.com/x?page=2>; rel="last""#;
    let first = Act::Answer(200, vec![("link", next.to_owned())], page(&[runner(1, "a"), runner(2, "b")]).to_string());
    let server = Server::start([first, Act::json(200, page(&[runner(2, "b"), runner(3, "c")]))]).await;
    let runners = connect(&server, token("t"), repo()).runners().await.expect("two pages");
    assert_eq!(runners.iter().map(|runner| runner.id.0).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(runners[0].labels().collect::<Vec<_>>(), ["self-hosted"]);
    let path = "/repos/octo/demo/actions/runners?per_page=100&page=";
    assert_eq!(server.lines(), [format!("GET {path}1"), format!("GET {path}2")]);
}

#[tokio::test]
async fn requests_carry_token_version_and_agent() {
    let server = Server::start([Act::json(200, page(&[]))]).await;
    connect(&server, token("t0k3n"), org()).runners().await.expect("an empty page");
    let seen = &server.seen()[0];
    assert_eq!(seen.header("authorization"), Some("Bearer t0k3n"));
    assert_eq!(seen.header("x-github-api-version"), Some("2022-11-28"));
    assert_eq!(seen.header("accept"), Some("application/vnd.github+json"));
    assert!(seen.header("user-agent").is_some_and(|agent| agent.starts_with("mayfly/")));
}

#[tokio::test]
async fn runner_by_name_is_the_one_of_exactly_that_name() {
    let server = Server::start([Act::json(200, page(&[runner(1, "mf-1"), runner(2, "mf-1.0")]))]).await;
    let found = connect(&server, token("t"), repo()).runner_by_name("mf-1.0").await.expect("a page");
    assert_eq!(found.map(|runner| runner.id), Some(RunnerId(2)));
    assert!(server.lines()[0].ends_with("&name=mf-1.0"));
}

#[tokio::test]
async fn path_of_a_ghes_url_stays_in_front() {
    let server = Server::start([Act::json(200, page(&[]))]).await;
    let http = Http::from_vars(&|_| None).expect("no settings");
    let url = server.url("/api/v3").parse().expect("a URL");
    let github = GitHub::new(http, &url, token("t"), org()).expect("a client");
    github.runners().await.expect("an empty page");
    assert_eq!(server.lines(), ["GET /api/v3/orgs/octo/actions/runners?per_page=100&page=1"]);
}

#[tokio::test]
async fn delete_tells_gone_was_gone_and_busy_apart() {
    let answers = [
        Act::Answer(204, Vec::new(), String::new()),
        refuse(404, "Not Found"),
        Act::json(200, page(&[])),
        refuse(422, "Runner \"mf-1\" is still running a job"),
    ];
    let server = Server::start(answers).await;
    let github = connect(&server, token("t"), repo());
    for expected in [Deleted::Gone, Deleted::WasGone, Deleted::Busy] {
        assert_eq!(github.delete_runner(RunnerId(5)).await.expect("an answer"), expected);
    }
}

#[tokio::test]
async fn hidden_runner_is_not_taken_for_a_removed_one() {
    let server = Server::start([refuse(404, "Not Found"), refuse(404, "Not Found")]).await;
    let fault = connect(&server, token("github_pat_x"), repo()).delete_runner(RunnerId(5)).await.expect_err("hidden");
    assert!(matches!(fault, GitHubError::NotFound { .. }), "{fault}");
    assert!(fault.to_string().contains("resource owner and repositories"), "{fault}");
}

#[tokio::test]
async fn refused_and_limited_deletes_never_mean_gone() {
    let limited = with_headers(429, &[("retry-after", "3600")], "You have exceeded a secondary rate limit");
    for answer in [refuse(403, "Resource not accessible"), limited, refuse(409, "conflict")] {
        let server = Server::start([answer]).await;
        assert!(connect(&server, token("t"), repo()).delete_runner(RunnerId(5)).await.is_err());
        assert_eq!(server.lines(), ["DELETE /repos/octo/demo/actions/runners/5"]);
    }
}

#[tokio::test]
async fn refusals_name_request_message_id_and_fix() {
    let cases = [
        (401, "ghp_x", repo(), "expired or revoked"),
        (403, "ghp_x", repo(), "scope \"repo\""),
        (403, "github_pat_x", repo(), "\"Administration\": read and write"),
        (403, "github_pat_x", org(), "\"Self-hosted runners\": read and write"),
        (403, "ghs_x", org(), "GITHUB_TOKEN can never manage runners"),
        (403, "ghp_x", Scope::Enterprise("big-co".to_owned()), "manage_runners:enterprise"),
        (404, "ghp_x", org(), "check the name of the organisation octo"),
        (301, "ghp_x", repo(), "new name"),
    ];
    for (status, secret, scope, fix) in cases {
        let server = Server::start([refuse(status, "because")]).await;
        let request = format!("/{scope}/actions/runners");
        let fault = connect(&server, token(secret), scope).runners().await.expect_err("a refusal");
        let text = fault.to_string();
        for part in [fix, &request, "because", "ABC:12", &status.to_string()] {
            assert!(text.contains(part), "{status} {secret}: \"{part}\" is missing in: {text}");
        }
        assert_eq!(server.seen().len(), 1, "{status} is final");
    }
}

#[tokio::test]
async fn single_sign_on_shows_where_the_token_is_authorised() {
    let sso = [("x-github-sso", "required; url=https://github.com/orgs/octo/sso?authorization_request=A")];
    let server = Server::start([with_headers(403, &sso, "Resource protected by organization SAML enforcement")]).await;
    let fault = connect(&server, token("ghp_x"), org()).runners().await.expect_err("a refusal");
    assert!(fault.to_string().ends_with("open https://github.com/orgs/octo/sso?authorization_request=A"), "{fault}");
}

#[tokio::test]
async fn rate_limits_tell_which_and_how_long() {
    let reset = std::time::SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() + 1000;
    let primary = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &reset.to_string())];
    let cases = [
        (with_headers(403, &primary, "API rate limit exceeded"), LimitKind::Primary, 990..=1000),
        (with_headers(429, &[("retry-after", "120")], "slow down"), LimitKind::Secondary, 120..=120),
        (with_headers(403, &[], "You have exceeded a secondary rate limit"), LimitKind::Secondary, 60..=60),
    ];
    for (answer, kind, seconds) in cases {
        let server = Server::start([answer]).await;
        let fault = connect(&server, token("t"), repo()).runners().await.expect_err("a limit");
        let GitHubError::RateLimited { limited, .. } = &fault else { panic!("{fault}") };
        assert!(limited.kind == kind && seconds.contains(&limited.wait.as_secs()), "{fault}");
    }
}

#[tokio::test]
async fn passing_failures_are_sat_out() {
    let soon = with_headers(429, &[("retry-after", "0")], "You have exceeded a secondary rate limit");
    for failure in [refuse(502, "Server Error"), soon] {
        let server = Server::start([failure, Act::json(200, page(&[runner(1, "a")]))]).await;
        assert_eq!(connect(&server, token("t"), repo()).runners().await.expect("the second answer").len(), 1);
    }
}

#[test]
fn failures_are_given_up_after_four_attempts_and_refusals_at_once() {
    let failed = |status| {
        let request = "GET /x".to_owned();
        GitHubError::Failed(super::Refusal { request, status, message: String::new(), request_id: None })
    };
    let pauses: Vec<_> = (1..=4).map(|attempt| retry::pause_after(attempt, &failed(503))).collect();
    let ms = |ms| Some(Duration::from_millis(ms));
    assert_eq!(pauses, [ms(250), ms(500), ms(1000), None]);
    assert_eq!(retry::pause_after(1, &failed(418)), None);
    assert_eq!(retry::pause_after(1, &GitHubError::Credential(String::new())), None);
}

#[tokio::test]
async fn answer_of_something_else_than_github_says_so() {
    let server = Server::start([Act::Answer(200, Vec::new(), "<html>".to_owned())]).await;
    let fault = connect(&server, token("t"), repo()).runners().await.expect_err("a page");
    assert!(fault.to_string().contains("check GITHUB_API_URL"), "{fault}");
}

#[tokio::test]
async fn unreachable_github_keeps_its_cause() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let http = Http::from_vars(&|_| None).expect("no settings");
    let url = format!("http://{address}").parse().expect("a URL");
    let github = GitHub::new(http, &url, token("t"), repo()).expect("a client");
    let fault = github.can_read_runners().await.expect_err("nobody listens");
    let cause = std::error::Error::source(&fault).expect("a cause").to_string();
    assert_eq!(cause, format!("could not connect to {address}"));
}

#[tokio::test]
async fn right_to_read_runners_is_asked_for_and_not_guessed() {
    let answers = [Act::json(200, page(&[])), refuse(403, "no"), refuse(404, "no"), refuse(401, "Bad credentials")];
    let server = Server::start(answers).await;
    let github = connect(&server, token("t"), repo());
    assert!(github.can_read_runners().await.expect("an answer"));
    assert!(!github.can_read_runners().await.expect("an answer"));
    assert!(!github.can_read_runners().await.expect("an answer"));
    assert!(github.can_read_runners().await.is_err());
}

#[tokio::test]
async fn app_mints_one_token_with_the_rights_for_runners_only() {
    let mut answers: Vec<Act> = installation("ghs_minted", "2100-01-01T00:00:00Z").into();
    answers.extend([Act::json(200, page(&[])), Act::json(200, page(&[]))]);
    let server = Server::start(answers).await;
    let github = connect(&server, app(), repo());
    github.runners().await.expect("a page");
    github.runners().await.expect("a page");
    let seen = server.seen();
    assert_eq!(server.lines()[..2], ["GET /repos/octo/demo/installation", "POST /app/installations/7/access_tokens"]);
    let asked: Value = serde_json::from_str(&seen[1].body).expect("a body");
    assert_eq!(asked, json!({ "repositories": ["demo"], "permissions": { "administration": "write" } }));
    assert!(seen[0].header("authorization").is_some_and(|jwt| jwt.starts_with("Bearer ey")));
    assert_eq!(seen.len(), 4);
    assert!(seen[2..].iter().all(|seen| seen.header("authorization") == Some("Bearer ghs_minted")));
}

#[tokio::test]
async fn app_at_an_organisation_asks_for_its_runners_permission() {
    let server = Server::start(installation("ghs_minted", "2100-01-01T00:00:00Z")).await;
    let minted = connect(&server, app(), org()).installation_token().await.expect("a token");
    assert_eq!(minted.token.expose(), "ghs_minted");
    let asked: Value = serde_json::from_str(&server.seen()[1].body).expect("a body");
    assert_eq!(asked, json!({ "permissions": { "organization_self_hosted_runners": "write" } }));
}

#[tokio::test]
async fn installation_token_near_its_end_is_minted_anew() {
    let soon = crate::http::scripted::rfc3339_in(Duration::from_secs(200));
    let mut answers: Vec<Act> = installation("ghs_old", &soon).into();
    answers.push(Act::json(200, page(&[])));
    answers.extend(installation("ghs_new", "2100-01-01T00:00:00Z"));
    answers.push(Act::json(200, page(&[])));
    let server = Server::start(answers).await;
    let github = connect(&server, app(), repo());
    github.runners().await.expect("a page");
    github.runners().await.expect("a page");
    assert_eq!(server.seen()[5].header("authorization"), Some("Bearer ghs_new"));
}

#[tokio::test]
async fn revoked_installation_token_is_minted_anew_once() {
    let far = "2100-01-01T00:00:00Z";
    let mut answers: Vec<Act> = installation("ghs_revoked", far).into();
    answers.push(refuse(401, "Bad credentials"));
    answers.extend(installation("ghs_new", far));
    answers.push(Act::json(200, page(&[])));
    let server = Server::start(answers).await;
    assert!(connect(&server, app(), repo()).runners().await.is_ok());
}

#[tokio::test]
async fn credentials_that_cannot_serve_are_refused_before_anything_is_sent() {
    let server = Server::start([]).await;
    let url = server.url("").parse().expect("a URL");
    let cases = [
        (Credential::RegistrationToken(Secret::new("r")), repo(), "registration token"),
        (app(), Scope::Enterprise("big-co".to_owned()), "manage_runners:enterprise"),
        (token(""), repo(), "empty"),
        (Credential::App { app_id: "12".to_owned(), private_key: Secret::new(&APP_KEY[..300]) }, repo(), "cut off"),
    ];
    for (credential, scope, part) in cases {
        let http = Http::from_vars(&|_| None).expect("no settings");
        let fault = GitHub::new(http, &url, credential, scope).expect_err(part).to_string();
        assert!(fault.contains(part), "{fault}");
    }
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn registration_token_comes_with_its_end() {
    let server =
        Server::start([Act::json(201, json!({ "token": "AABF", "expires_at": "2026-01-22T12:13:35.123-08:00" }))])
            .await;
    let minted = connect(&server, token("t"), org()).registration_token().await.expect("a token");
    assert_eq!(minted.token.expose(), "AABF");
    assert_eq!(minted.expires.duration_since(UNIX_EPOCH).expect("after 1970").as_millis(), 1_769_112_815_123);
    assert_eq!(server.lines(), ["POST /orgs/octo/actions/runners/registration-token"]);
}

#[tokio::test]
async fn runner_group_is_found_by_name_or_the_names_are_shown() {
    let groups = || {
        let groups = json!([{ "id": 1, "name": "Default" }, { "id": 9, "name": "builders" }]);
        Act::json(200, json!({ "total_count": 2, "runner_groups": groups }))
    };
    let server = Server::start([groups(), groups()]).await;
    let github = connect(&server, token("t"), org());
    assert_eq!(github.runner_group_id("builders").await.expect("a group"), 9);
    let fault = github.runner_group_id("bilders").await.expect_err("no such group").to_string();
    assert!(fault.contains("there are: Default, builders"), "{fault}");
    let fault = connect(&server, token("t"), repo()).runner_group_id("x").await.expect_err("no groups").to_string();
    assert!(fault.contains("--org octo"), "{fault}");
}
