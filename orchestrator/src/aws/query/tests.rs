//! Forms that go out and XML that comes back, against a scripted server.

use serde::Deserialize;

use super::{Done, Parameters, QueryOperation, QueryService};
use crate::aws::{Aws, AwsErrorKind};
use crate::http::scripted::{Act, Server};

const TAGS: QueryOperation = QueryOperation { service: QueryService::ELB, name: "DescribeTags", repeatable: true };
const ADD: QueryOperation = QueryOperation { service: QueryService::ELB, name: "AddTags", repeatable: false };
const LOOK: QueryOperation =
    QueryOperation { service: QueryService::EC2, name: "DescribeNetworkInterfaces", repeatable: true };

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
struct Names {
    names: Members,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
struct Members {
    member: Vec<String>,
}

fn said(status: u16, body: &str) -> Act {
    Act::Answer(status, Vec::new(), body.to_owned())
}

#[tokio::test]
async fn form_is_encoded_and_signed_for_its_service_and_the_result_is_taken_out_of_its_wrapping() {
    let answer = "<?xml version=\"1.0\"?><DescribeTagsResponse xmlns=\"http://x/\"><DescribeTagsResult><Names><member>a</member><member>b &amp; c</member></Names><Other/></DescribeTagsResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></DescribeTagsResponse>";
    let server = Server::start([said(200, answer)]).await;
    let form = Parameters::default().with("Word", "ä b&c").with_list("Arns.member", ["x", "y"]);
    let names: Names = Aws::at(&server.url("")).query(TAGS, "it", &form).await.expect("an answer");
    assert_eq!(names.names.member, ["a", "b & c"]);
    let seen = &server.seen()[0];
    assert_eq!(seen.body, "Action=DescribeTags&Version=2015-12-01&Word=%C3%A4%20b%26c&Arns.member.1=x&Arns.member.2=y");
    let authorization = seen.header("authorization").expect("a signature");
    assert!(authorization.contains("/eu-central-1/elasticloadbalancing/aws4_request"), "{authorization}");
}

#[tokio::test]
async fn answer_without_a_result_is_done() {
    let server = Server::start([
        said(200, "<AddTagsResponse/>"),
        said(200, "<AddTagsResponse><AddTagsResult/></AddTagsResponse>"),
    ])
    .await;
    let aws = Aws::at(&server.url(""));
    for _ in 0..2 {
        aws.query::<Done>(ADD, "it", &Parameters::default()).await.expect("done");
    }
}

#[tokio::test]
async fn refusals_of_both_forms_keep_code_text_and_request_id() {
    let elb = "<ErrorResponse xmlns=\"http://x/\"><Error><Type>Sender</Type><Code>ListenerNotFound</Code><Message>One or more</Message></Error><RequestId>r-1</RequestId></ErrorResponse>";
    let ec2 = "<?xml version=\"1.0\"?><Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not</Message></Error></Errors><RequestID>r-2</RequestID></Response>";
    let server = Server::start([said(400, elb), said(403, ec2)]).await;
    let aws = Aws::at(&server.url(""));
    let first = aws.query::<Done>(TAGS, "it", &Parameters::default()).await.expect_err("a refusal");
    assert_eq!(first.kind, AwsErrorKind::NotFound);
    assert_eq!(first.to_string(), "AWS refused DescribeTags for it: ListenerNotFound: One or more (request r-1)");
    let second = aws.query::<Done>(LOOK, "it", &Parameters::default()).await.expect_err("a refusal");
    assert_eq!(second.kind, AwsErrorKind::Refused);
    assert_eq!(second.code.as_deref(), Some("UnauthorizedOperation"));
    assert_eq!(second.request_id.as_deref(), Some("r-2"));
}

#[tokio::test]
async fn throttled_call_is_repeated_and_a_lost_answer_only_where_that_does_no_harm() {
    let throttled =
        "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>";
    let server = Server::start([said(400, throttled), said(200, "<AddTagsResponse/>"), said(503, "<html>busy")]).await;
    let aws = Aws::at(&server.url(""));
    aws.query::<Done>(ADD, "it", &Parameters::default()).await.expect("the second answer");
    let fault = aws.query::<Done>(ADD, "it", &Parameters::default()).await.expect_err("no answer");
    assert_eq!(fault.kind, AwsErrorKind::Unavailable);
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn repeatable_call_survives_an_outage() {
    let server = Server::start([said(503, ""), Act::HangUp, said(200, "<DescribeTagsResponse/>")]).await;
    let names: Names = Aws::at(&server.url("")).query(TAGS, "it", &Parameters::default()).await.expect("an answer");
    assert_eq!(names, Names::default());
}
