//! Images, certificates and builds.

use sandbox::aws::{BuildFate, fixture};
use serde_json::{Value, json};

use crate::containers::stocked;
use crate::world::{DEADLINE, World};

fn tags(world: &World) -> Vec<String> {
    world.aws.images("app").into_iter().flat_map(|image| image.tags).collect()
}

#[test]
fn images_are_listed_described_and_deleted_by_tag() {
    let world = World::new();
    let digest = world.aws.push_image("app", "pr-7-abc", "app");
    let listed = world.call("ecr", "ListImages", &json!({ "repositoryName": "app", "maxResults": 2 })).unwrap();
    assert_eq!(listed["imageIds"].as_array().unwrap().len(), 2);
    let rest = json!({ "repositoryName": "app", "maxResults": 2, "nextToken": listed["nextToken"] });
    let rest = world.call("ecr", "ListImages", &rest).unwrap();
    assert_eq!(rest["imageIds"], json!([{ "imageDigest": digest, "imageTag": "pr-7-abc" }]));
    let described = json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "pr-7-abc" }] });
    let described = world.call("ecr", "DescribeImages", &described).unwrap();
    assert_eq!(described["imageDetails"][0]["imageDigest"], json!(digest));
    let delete = json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "pr-7-abc" }, { "imageTag": "nope" }] });
    let deleted = world.call("ecr", "BatchDeleteImage", &delete).unwrap();
    assert_eq!(deleted["imageIds"], json!([{ "imageDigest": digest, "imageTag": "pr-7-abc" }]));
    assert_eq!(deleted["failures"][0]["failureCode"], "ImageNotFound");
    assert_eq!(tags(&world), ["v1", "v2"]);
}

#[test]
fn image_goes_with_its_last_tag_or_by_its_digest_with_all() {
    let world = World::new();
    let delete = |id: Value| {
        let input = json!({ "repositoryName": "app", "imageIds": [id] });
        world.call("ecr", "BatchDeleteImage", &input).unwrap()
    };
    let digest = world.aws.images("app")[0].digest.clone();
    assert_eq!(delete(json!({ "imageDigest": digest }))["imageIds"][0]["imageTag"], "v1");
    assert_eq!(tags(&world), ["v2"]);
    delete(json!({ "imageTag": "v2" }));
    assert!(world.aws.images("app").is_empty());
    let gone = json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "v2" }] });
    assert_eq!(world.call("ecr", "DescribeImages", &gone).unwrap_err().code, "ImageNotFoundException");
    let unknown = world.call("ecr", "ListImages", &json!({ "repositoryName": "none" })).unwrap_err();
    assert_eq!(unknown.code, "RepositoryNotFoundException");
    assert!(unknown.message.contains("does not exist in the registry with id '123456789012'"));
}

#[test]
fn certificate_is_described_and_unknown_ones_are_not_found() {
    let world = World::new();
    let listed = world.call("acm", "ListCertificates", &json!({})).unwrap();
    let arn = &listed["CertificateSummaryList"][0]["CertificateArn"];
    let detail = world.call("acm", "DescribeCertificate", &json!({ "CertificateArn": arn })).unwrap();
    let certificate = &detail["Certificate"];
    assert_eq!((&certificate["Status"], certificate["NotAfter"].is_f64()), (&json!("ISSUED"), true));
    assert_eq!(certificate["SubjectAlternativeNames"], json!([fixture::PREVIEW_DOMAIN]));
    let other = json!({ "CertificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/0" });
    assert_eq!(world.call("acm", "DescribeCertificate", &other).unwrap_err().code, "ResourceNotFoundException");
    let wrong = json!({ "CertificateArn": "nonsense" });
    assert_eq!(world.call("acm", "DescribeCertificate", &wrong).unwrap_err().code, "InvalidArnException");
}

impl World {
    fn start_build(&self, token: &str, tag: &str) -> Result<Value, crate::world::Refused> {
        let variables = json!([{ "name": "IMAGE_TAG", "value": tag }]);
        let input = json!({
            "projectName": fixture::PROJECT,
            "idempotencyToken": token,
            "sourceVersion": "abc",
            "environmentVariablesOverride": variables,
        });
        self.call("codebuild", "StartBuild", &input).map(|answer| answer["build"].clone())
    }

    /// The build once it is complete, as it is described.
    fn finished(&self, id: &Value) -> Value {
        let done = self.runtime.block_on(self.aws.wait_until(DEADLINE, |aws| {
            aws.builds().iter().any(|build| *id == json!(build.id) && build.status != "IN_PROGRESS")
        }));
        assert!(done, "{:#?}", self.aws.builds());
        self.call("codebuild", "BatchGetBuilds", &json!({ "ids": [id] })).unwrap()["builds"][0].clone()
    }
}

#[test]
fn build_goes_through_its_phases_pushes_an_image_and_exports_its_digest() {
    let world = stocked();
    let started = world.start_build("token", "pr-7").unwrap();
    assert_eq!((&started["buildStatus"], &started["currentPhase"]), (&json!("IN_PROGRESS"), &json!("SUBMITTED")));
    assert_eq!(world.start_build("token", "pr-7").unwrap()["id"], started["id"], "the same token is the same build");
    assert_eq!(world.start_build("token", "pr-8").unwrap_err().code, "InvalidInputException");
    let build = world.finished(&started["id"]);
    assert_eq!((&build["buildStatus"], &build["currentPhase"]), (&json!("SUCCEEDED"), &json!("COMPLETED")));
    let image = world.aws.images("app").pop().unwrap();
    assert_eq!(image.tags, ["pr-7"]);
    assert_eq!(build["exportedEnvironmentVariables"][0], json!({ "name": "IMAGE_DIGEST", "value": image.digest }));
    let reference = build["exportedEnvironmentVariables"][1]["value"].as_str().unwrap().to_owned();
    let arn = world.start_containers(&[json!({ "name": "app", "image": reference })]);
    world.until_running(&arn);
    assert_eq!(world.aws.builds().len(), 1);
}

#[test]
fn build_that_fails_tells_the_phase_and_the_reason_and_pushes_nothing() {
    let world = World::new();
    world.aws.next_build(BuildFate::Fails("BUILD".into(), "docker build: exit status 1".into()));
    let started = world.start_build("token", "pr-7").unwrap();
    let build = world.finished(&started["id"]);
    assert_eq!(build["buildStatus"], "FAILED");
    let phases = build["phases"].as_array().unwrap();
    let failed: Vec<&Value> = phases.iter().filter(|phase| phase["phaseStatus"] == "FAILED").collect();
    assert_eq!((failed.len(), &failed[0]["phaseType"]), (1, &json!("BUILD")));
    assert_eq!(failed[0]["contexts"][0]["message"], "docker build: exit status 1");
    assert_eq!(tags(&world), ["v1", "v2"]);
}

#[test]
fn build_that_never_starts_is_stopped_and_unknown_ones_are_told() {
    let world = World::new();
    world.aws.next_build(BuildFate::NeverStarts);
    let started = world.start_build("token", "pr-7").unwrap();
    world.call("codebuild", "StopBuild", &json!({ "id": started["id"] })).unwrap();
    assert_eq!(world.finished(&started["id"])["buildStatus"], "STOPPED");
    let unknown = world.call("codebuild", "BatchGetBuilds", &json!({ "ids": ["x:1"] })).unwrap();
    assert_eq!(unknown["buildsNotFound"], json!(["x:1"]));
    let no_project = world.call("codebuild", "StartBuild", &json!({ "projectName": "none" })).unwrap_err();
    assert_eq!(no_project.code, "ResourceNotFoundException");
}
