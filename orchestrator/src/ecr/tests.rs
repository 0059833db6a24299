//! What ECR is asked and how it is understood, against a scripted server.

use serde_json::{Value, json};

use super::{Ecr, Image, ImageRef};
use crate::aws::{Aws, AwsErrorKind};
use crate::http::scripted::{Act, Server};

fn ecr(server: &Server) -> Ecr {
    let image: ImageRef = "123456789012.dkr.ecr.us-west-2.amazonaws.com/team/app:pr-7".parse().expect("an image");
    Ecr::of(&Aws::at(&server.url("")), &image).expect("ECR's")
}

fn sent(server: &Server, index: usize) -> Value {
    serde_json::from_str(&server.seen()[index].body).expect("JSON")
}

#[tokio::test]
async fn digest_of_a_tag_is_asked_for_in_the_images_own_account_and_region() {
    let server = Server::start([Act::json(200, json!({ "imageDetails": [{ "imageDigest": "sha256:1" }] }))]).await;
    assert_eq!(ecr(&server).digest("pr-7").await.expect("a digest"), "sha256:1");
    let wanted =
        json!({ "registryId": "123456789012", "repositoryName": "team/app", "imageIds": [{ "imageTag": "pr-7" }] });
    assert_eq!(sent(&server, 0), wanted);
    let seen = &server.seen()[0];
    assert_eq!(seen.header("x-amz-target"), Some("AmazonEC2ContainerRegistry_V20150921.DescribeImages"));
    assert!(seen.header("authorization").is_some_and(|text| text.contains("/us-west-2/ecr/aws4_request")));
}

#[tokio::test]
async fn image_that_was_not_pushed_is_told_apart_with_a_fix() {
    let refusal = |code: &str| Act::json(400, json!({ "__type": code, "message": "no" }));
    let server = Server::start([refusal("ImageNotFoundException"), refusal("RepositoryNotFoundException")]).await;
    for word in ["push the image first", "123456789012 has no repository team/app in us-west-2"] {
        let fault = ecr(&server).digest("pr-7").await.expect_err("a refusal");
        assert_eq!(fault.kind, AwsErrorKind::NotFound);
        assert!(fault.fix.as_deref().is_some_and(|fix| fix.contains(word)), "{fault:?}");
    }
}

#[tokio::test]
async fn images_are_listed_over_all_pages() {
    let server = Server::start([
        Act::json(200, json!({ "imageIds": [{ "imageDigest": "sha256:1", "imageTag": "pr-1" }], "nextToken": "n" })),
        Act::json(200, json!({ "imageIds": [{ "imageDigest": "sha256:2", "imageTag": "pr-2" }] })),
    ])
    .await;
    let found = ecr(&server).list_images().await.expect("images");
    assert_eq!(found.iter().filter_map(|image| image.tag.as_deref()).collect::<Vec<_>>(), ["pr-1", "pr-2"]);
    assert_eq!((&sent(&server, 0)["nextToken"], &sent(&server, 1)["nextToken"]), (&Value::Null, &json!("n")));
}

#[tokio::test]
async fn tags_that_are_gone_are_no_failure_and_others_are() {
    let failure = |code: &str| json!({ "failures": [{ "failureCode": code, "failureReason": "because" }], "imageIds": [{ "imageDigest": "sha256:1", "imageTag": "pr-1" }] });
    let server = Server::start([
        Act::json(200, failure("ImageNotFound")),
        Act::json(200, failure("ImageReferencedByManifestList")),
    ])
    .await;
    let tags = ["pr-1".to_owned(), "pr-2".to_owned()];
    let deleted = ecr(&server).delete_tags(&tags).await.expect("a deletion");
    assert_eq!(deleted, [Image { digest: "sha256:1".to_owned(), tag: Some("pr-1".to_owned()) }]);
    let fault = ecr(&server).delete_tags(&tags).await.expect_err("a failure");
    assert_eq!(fault.code.as_deref(), Some("ImageReferencedByManifestList"));
}

#[tokio::test]
async fn tags_of_the_repository_are_asked_for_by_its_arn() {
    let server =
        Server::start([Act::json(200, json!({ "tags": [{ "Key": "mayfly:kind", "Value": "preview" }] }))]).await;
    assert_eq!(ecr(&server).list_tags().await.expect("tags")["mayfly:kind"], "preview");
    assert_eq!(sent(&server, 0), json!({ "resourceArn": "arn:aws:ecr:us-west-2:123456789012:repository/team/app" }));
}

#[test]
fn image_of_another_registry_is_not_ecrs() {
    let image: ImageRef = "nginx".parse().expect("an image");
    assert!(Ecr::of(&Aws::at("http://unused"), &image).is_none());
}
