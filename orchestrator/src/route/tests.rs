//! Waiting and removing, call by call, against a scripted server.

use std::time::Duration;

use super::judge::fixture::{group_arn, listener, owner, spec};
use super::{Route, RouteError, removal};
use crate::alb::{Alb, RuleArn, Target};
use crate::aws::Aws;
use crate::http::scripted::{Act, Server};

fn said(body: &str) -> Act {
    Act::Answer(200, Vec::new(), body.to_owned())
}

fn refused(code: &str) -> Act {
    let body = format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>");
    Act::Answer(400, Vec::new(), body)
}

fn result(operation: &str, content: &str) -> Act {
    said(&format!("<{operation}Response><{operation}Result>{content}</{operation}Result></{operation}Response>"))
}

fn health(state: &str, reason: &str) -> Act {
    let reason = if reason.is_empty() { String::new() } else { format!("<Reason>{reason}</Reason>") };
    result(
        "DescribeTargetHealth",
        &format!(
            "<TargetHealthDescriptions><member><Target><Id>10.0.0.5</Id><Port>8080</Port></Target><TargetHealth><State>{state}</State>{reason}</TargetHealth></member></TargetHealthDescriptions>"
        ),
    )
}

fn tags(arn: &str, owned: bool) -> Act {
    let tags = if owned { owner("octo/demo", 7).tags() } else { crate::alb::Tags::new() };
    let tags: String =
        tags.iter().map(|(key, value)| format!("<member><Key>{key}</Key><Value>{value}</Value></member>")).collect();
    let content = format!(
        "<TagDescriptions><member><ResourceArn>{arn}</ResourceArn><Tags>{tags}</Tags></member></TagDescriptions>"
    );
    result("DescribeTags", &content)
}

fn group() -> Act {
    let arn = group_arn("mf-1");
    result(
        "DescribeTargetGroups",
        &format!(
            "<TargetGroups><member><TargetGroupArn>{arn}</TargetGroupArn><TargetGroupName>mf-1</TargetGroupName></member></TargetGroups>"
        ),
    )
}

fn no_rules() -> Act {
    result("DescribeRules", "<Rules/>")
}

fn route() -> Route {
    let spec = spec();
    Route {
        url: "https://pr-7.previews.example.com".to_owned(),
        host: spec.host,
        rule: RuleArn::new("rule"),
        priority: 100,
        target_group: group_arn("mf-1"),
    }
}

fn target() -> Target {
    Target { id: "10.0.0.5".to_owned(), port: 8080 }
}

async fn wait(server: &Server, limit: Duration) -> Result<(), RouteError> {
    let alb = Alb::new(&Aws::at(&server.url("")));
    route().until_healthy(&alb, &target(), &spec().health, limit).await
}

/// Operations in the order in which they were called.
fn operations(server: &Server) -> Vec<String> {
    let action = |body: &str| body.trim_start_matches("Action=").split('&').next().unwrap_or_default().to_owned();
    server.seen().iter().map(|seen| action(&seen.body)).collect()
}

#[tokio::test]
async fn target_is_waited_for_through_its_states_and_through_a_look_that_failed() {
    let outage = || Act::Answer(503, Vec::new(), String::new());
    let server = Server::start([
        health("initial", "Elb.RegistrationInProgress"),
        outage(),
        outage(),
        outage(),
        outage(),
        health("unhealthy", "Target.ResponseCodeMismatch"),
        health("healthy", ""),
    ])
    .await;
    wait(&server, Duration::from_secs(60)).await.expect("a healthy target");
    assert_eq!(server.seen().len(), 7);
}

#[tokio::test]
async fn last_reason_and_its_fix_are_told_when_the_limit_has_passed() {
    let server = Server::start([health("unhealthy", "Target.Timeout")]).await;
    let fault = wait(&server, Duration::ZERO).await.expect_err("an unhealthy target");
    assert!(fault.to_string().starts_with("target 10.0.0.5:8080 is not healthy after 0s: /health does not answer"));
    assert!(fault.fix().is_some_and(|fix| fix.contains("security group")), "{fault}");
}

#[tokio::test]
async fn target_that_somebody_takes_out_is_not_waited_for() {
    let server = Server::start([health("draining", "Target.DeregistrationInProgress")]).await;
    let fault = wait(&server, Duration::from_secs(3_600)).await.expect_err("a target that goes");
    assert!(matches!(fault, RouteError::NotHealthy { .. }), "{fault}");
}

#[tokio::test]
async fn group_that_is_still_in_use_is_deleted_once_it_is_not() {
    let arn = group_arn("mf-1");
    let server = Server::start([
        no_rules(),
        group(),
        refused("TargetGroupNotFound"),
        tags(arn.as_str(), true),
        health("draining", "Target.DeregistrationInProgress"),
        said("<DeregisterTargetsResponse/>"),
        refused("ResourceInUse"),
        refused("ResourceInUse"),
        said("<DeleteTargetGroupResponse/>"),
    ])
    .await;
    let alb = Alb::new(&Aws::at(&server.url("")));
    let removed = removal::remove(&alb, &listener(), &owner("octo/demo", 7)).await.expect("a removal");
    assert_eq!((removed.target_groups, removed.targets), (vec![arn], vec![target()]));
    assert_eq!(
        operations(&server)[4..],
        ["DescribeTargetHealth", "DeregisterTargets", "DeleteTargetGroup", "DeleteTargetGroup", "DeleteTargetGroup"]
    );
}

#[tokio::test]
async fn group_that_has_our_name_and_not_our_tags_is_left() {
    let arn = group_arn("mf-1");
    let server = Server::start([no_rules(), group(), refused("TargetGroupNotFound"), tags(arn.as_str(), false)]).await;
    let alb = Alb::new(&Aws::at(&server.url("")));
    let removed = removal::remove(&alb, &listener(), &owner("octo/demo", 7)).await.expect("nothing to remove");
    assert!(removed.is_empty());
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn listener_that_is_gone_does_not_keep_the_group_from_being_removed() {
    let arn = group_arn("mf-1");
    let server = Server::start([
        refused("ListenerNotFound"),
        refused("TargetGroupNotFound"),
        group(),
        tags(arn.as_str(), true),
        refused("TargetGroupNotFound"),
        said("<DeleteTargetGroupResponse/>"),
    ])
    .await;
    let alb = Alb::new(&Aws::at(&server.url("")));
    let removed = removal::remove(&alb, &listener(), &owner("octo/demo", 7)).await.expect("a removal");
    assert_eq!(removed.target_groups, [arn]);
}

#[tokio::test]
async fn full_load_balancer_is_refused_before_anything_is_made() {
    let listener_xml = format!(
        "<Listeners><member><ListenerArn>{}</ListenerArn><LoadBalancerArn>lb</LoadBalancerArn><Protocol>HTTPS</Protocol><Port>443</Port></member></Listeners>",
        listener()
    );
    let groups: String =
        (0..100).map(|number| format!("<member><TargetGroupArn>{number}</TargetGroupArn></member>")).collect();
    let server = Server::start([
        result("DescribeListeners", &listener_xml),
        result("DescribeLoadBalancers", "<LoadBalancers><member><VpcId>vpc-1</VpcId></member></LoadBalancers>"),
        refused("TargetGroupNotFound"),
        refused("AccessDenied"),
        result("DescribeTargetGroups", &format!("<TargetGroups>{groups}</TargetGroups>")),
        result("DescribeListeners", &listener_xml),
        no_rules(),
    ])
    .await;
    let fault = Route::ensure(&Alb::new(&Aws::at(&server.url(""))), &spec()).await.expect_err("no room");
    assert_eq!(fault.to_string(), "the load balancer has 100 of 100 target groups");
    assert!(operations(&server).iter().all(|operation| operation.starts_with("Describe")));
}
