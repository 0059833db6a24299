//! Readiness of the app.

use crate::github::{Answer, GitHub};
use crate::guarded::{Guarded, supervise};

#[test]
fn app_that_answers_after_a_while_is_ready_and_goes_on() {
    let app = GitHub::start();
    app.plan("GET /health", Answer::Status(503, "{}")).plan("GET /health", Answer::Status(302, "{}"));
    let url = format!("{}/health", app.url());
    let mut guarded = Guarded::start(&mut supervise(&["--ready-url", &url, "--", "sleep", "1"]));
    guarded.hear("the command is ready");
    let end = guarded.end();
    assert_eq!((end["cause"].as_str(), end["code"].as_u64()), (Some("app_exit"), Some(0)));
    assert_eq!(app.requests().len(), 2);
}

#[test]
fn app_that_never_gets_ready_ends_with_a_code_of_its_own() {
    let app = GitHub::start();
    let options = ["--ready-url", &app.url(), "--ready-timeout", "0.3s", "--", "sleep", "1000"];
    let end = Guarded::start(&mut supervise(&options)).end();
    assert_eq!(end["cause"].as_str(), Some("never_ready"));
    assert!(end["message"].as_str().is_some_and(|text| text.contains("the last answer was 404")), "{end}");
}

#[test]
fn app_that_ends_before_it_is_ready_ends_with_its_own_code() {
    let app = GitHub::start();
    let options = ["--ready-url", &app.url(), "--", "sh", "-c", "exit 7"];
    let end = Guarded::start(&mut supervise(&options)).end();
    assert_eq!((end["cause"].as_str(), end["code"].as_u64()), (Some("app_exit"), Some(7)));
    // What looked at it has gone with it: nothing had to be killed after the grace of 10 s.
    assert!(end["uptime_ms"].as_u64().is_some_and(|uptime| uptime < 9_000), "{end}");
}

#[test]
fn options_that_make_no_sense_are_refused() {
    for options in [
        &["--ready-timeout", "1s"][..],
        &["--ready-url", "localhost:80"],
        &["--idle", "1s"],
        &["--idle-ignore", "10.0.0.0/99"],
        &["--renew-from", "tags"],
    ] {
        let output = supervise(&[options, &["--", "true"]].concat()).output().expect("it runs");
        assert_eq!(output.status.code(), Some(125), "{options:?}");
    }
}
