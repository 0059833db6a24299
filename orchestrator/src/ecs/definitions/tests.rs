//! Task definitions as JSON, against a scripted server.

use serde_json::{Value, json};

use super::Definitions;
use crate::aws::Aws;
use crate::ecs::{Ecs, TaskArn};
use crate::http::scripted::{Act, Server};

fn definitions(server: &Server) -> Definitions {
    Definitions::new(&Aws::at(&server.url("")))
}

fn sent(server: &Server, index: usize) -> Value {
    serde_json::from_str(&server.seen()[index].body).expect("JSON")
}

fn refusal(code: &str, message: &str) -> Act {
    Act::json(400, json!({ "__type": code, "message": message }))
}

#[tokio::test]
async fn definition_passes_through_with_members_that_nobody_here_knows() {
    let server = Server::start([Act::json(200, json!({ "taskDefinition": { "taskDefinitionArn": "arn:x" } }))]).await;
    let input = json!({ "family": "f", "newMember": [1], "containerDefinitions": [] });
    assert_eq!(definitions(&server).register(&input).await.expect("a revision"), "arn:x");
    assert_eq!(sent(&server, 0), input);
    let target = "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition";
    assert_eq!(server.seen()[0].header("x-amz-target"), Some(target));
}

#[tokio::test]
async fn revisions_are_listed_over_all_pages() {
    let page = |from: u32, next: Option<&str>| {
        let arns: Vec<String> = (from..from + 100).map(|revision| format!("arn:{revision}")).collect();
        Act::json(200, json!({ "taskDefinitionArns": arns, "nextToken": next }))
    };
    let server = Server::start([page(0, Some("n")), page(100, None)]).await;
    assert_eq!(definitions(&server).active("f").await.expect("revisions").len(), 200);
    assert_eq!((&sent(&server, 0)["nextToken"], &sent(&server, 1)["nextToken"]), (&Value::Null, &json!("n")));
}

#[tokio::test]
async fn revisions_that_are_gone_are_no_error_and_a_failure_in_an_answer_is_one() {
    let server = Server::start([
        refusal("ClientException", "The specified task definition does not exist."),
        Act::json(200, json!({ "failures": [] })),
        Act::json(200, json!({ "failures": [{ "arn": "arn:11", "reason": "busy", "detail": "later" }] })),
    ])
    .await;
    let definitions = definitions(&server);
    definitions.deregister("arn:1").await.expect("gone");
    let arns: Vec<String> = (1..=11).map(|revision| format!("arn:{revision}")).collect();
    let fault = definitions.delete(&arns).await.expect_err("a failure").to_string();
    assert!(fault.contains("task definition arn:11: busy later"), "{fault}");
    assert_eq!(sent(&server, 1)["taskDefinitions"].as_array().map(Vec::len), Some(10));
}

#[tokio::test]
async fn missing_rights_are_named() {
    let denied = |action: &str| refusal("AccessDeniedException", &format!("not authorized to perform: {action}"));
    let server = Server::start([denied("ecs:RegisterTaskDefinition"), denied("iam:PassRole")]).await;
    for right in ["allow ecs:RegisterTaskDefinition ", "allow iam:PassRole "] {
        let fault = definitions(&server).register(&json!({ "family": "f" })).await.expect_err("a refusal");
        assert!(fault.fix.as_deref().is_some_and(|fix| fix.starts_with(right)), "{right}: {fault:?}");
    }
}

#[tokio::test]
async fn task_is_tagged_by_its_arn_and_an_instance_looked_up_in_its_cluster() {
    let instance = json!({ "containerInstanceArn": "arn:ci", "ec2InstanceId": "i-1" });
    let server =
        Server::start([Act::json(200, json!({})), Act::json(200, json!({ "containerInstances": [instance] }))]).await;
    let definitions = definitions(&server);
    definitions.tag_task(&TaskArn::new("arn:task"), &[("mayfly:pr", "7".to_owned())]).await.expect("tagged");
    assert_eq!(sent(&server, 0), json!({ "resourceArn": "arn:task", "tags": [{ "key": "mayfly:pr", "value": "7" }] }));
    let cluster = Ecs::new(&Aws::at(&server.url("")), "mayfly");
    assert_eq!(definitions.instance(&cluster, "arn:ci").await.expect("an answer").as_deref(), Some("i-1"));
    assert_eq!(sent(&server, 1)["cluster"], "mayfly");
}
