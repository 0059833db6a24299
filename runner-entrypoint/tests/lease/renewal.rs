//! Renewals by the task's tag.

use contract::env;

use crate::github::{Answer, GitHub};
use crate::guarded::{Guarded, supervise};

const ROLE: &str = "{\"AccessKeyId\": \"AKID\", \"SecretAccessKey\": \"secret\", \"Token\": \"session\"}";
const TASK: &str = "{\"TaskARN\": \"arn:aws:ecs:eu-central-1:123456789012:task/mayfly/a\"}";
const TAGGED: &str = "{\"TaskTags\": {\"mayfly:expires-at\": \"2999-01-01T00:00:00Z\"}}";
const LISTED: &str = "{\"tags\": [{\"key\": \"mayfly:expires-at\", \"value\": \"2999-01-01T00:00:00Z\"}]}";

fn task(aws: &GitHub, options: &[&str]) -> std::process::Command {
    let mut command = supervise(&[options, &["--", "sleep", "1000"]].concat());
    command
        .env("ECS_CONTAINER_METADATA_URI_V4", aws.url())
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/role", aws.url()))
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ENDPOINT_URL_ECS", aws.url())
        .env(env::RENEW_INTERVAL, "0.1s");
    command
}

#[test]
fn lease_is_renewed_by_the_tag_and_never_beyond_max_ttl() {
    let aws = GitHub::start();
    aws.plan("GET /taskWithTags", Answer::Status(200, TAGGED));
    let options = ["--ttl", "2s", "--max-ttl", "4s", "--renew-from", "metadata"];
    let mut guarded = Guarded::start(&mut task(&aws, &options));
    guarded.hear("mayfly: renewed: ");
    let end = guarded.end();
    assert_eq!((end["cause"].as_str(), end["renewals"].as_u64()), (Some("ttl"), Some(1)));
    assert!(end["uptime_ms"].as_u64().is_some_and(|uptime| uptime >= 4_000), "{end}");
}

#[test]
fn tags_are_asked_of_ecs_where_the_metadata_endpoint_has_none() {
    let aws = GitHub::start();
    aws.plan("GET /taskWithTags", Answer::Status(404, "{}"))
        .plan("GET /task", Answer::Status(200, TASK))
        .plan("GET /role", Answer::Status(200, ROLE))
        .plan("POST /", Answer::Status(200, LISTED));
    Guarded::start(&mut task(&aws, &["--ttl", "1000s", "--renew-from", "metadata"])).hear("mayfly: renewed: ");
    let requests = aws.requests();
    let asked = requests.iter().find(|request| request.line == "POST /").expect("ECS was asked");
    assert_eq!(asked.body, "{\"resourceArn\":\"arn:aws:ecs:eu-central-1:123456789012:task/mayfly/a\"}");
    assert!(asked.authorization.contains("/eu-central-1/ecs/aws4_request"), "{}", asked.authorization);
}

#[test]
fn faults_change_nothing_and_are_told_once() {
    let aws = GitHub::start();
    let mut guarded = Guarded::start(&mut task(&aws, &["--ttl", "2s", "--renew-from", "tags"]));
    let end = guarded.end();
    assert_eq!((end["cause"].as_str(), end["renewals"].as_u64()), (Some("ttl"), Some(0)));
    let told = guarded.heard.iter().filter(|line| line.contains("the lease stays as it is")).count();
    assert_eq!(told, 1, "{:?}", guarded.heard);
    assert!(aws.requests().len() > 1);
}

#[test]
fn renewal_outlives_a_restart_of_the_container() {
    let (aws, folder) = (GitHub::start(), tempfile::tempdir().expect("a folder"));
    aws.plan("GET /taskWithTags", Answer::Status(200, TAGGED));
    let mut first = task(&aws, &["--ttl", "1000s", "--renew-from", "metadata"]);
    Guarded::start(first.env(env::STATE_DIR, folder.path())).hear("mayfly: renewed: ");
    let mut second = supervise(&["--ttl", "1s", "--", "sleep", "1000"]);
    let mut guarded = Guarded::start(second.env(env::STATE_DIR, folder.path()));
    guarded.hear("the lease goes on: ");
    assert!(guarded.heard.last().is_some_and(|line| line.contains('d')), "{:?}", guarded.heard);
}
