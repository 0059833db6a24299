//! Images: what a reference names, and ECR, where a tag is turned into the digest that a launch is bound to.

pub mod reference;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub use reference::{EcrRegistry, ImageRef, Registry};

use crate::aws::signed::JsonOperation;
use crate::aws::{Aws, AwsError, AwsErrorKind};

/// BatchDeleteImage takes so many at once.
const DELETE_LIMIT: usize = 100;

/// A repository of ECR.
#[derive(Clone, Debug)]
pub struct Ecr {
    aws: Aws,
    registry: EcrRegistry,
    repository: String,
}

/// An image of a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Image {
    /// `sha256:…`.
    pub digest: String,
    /// Its tag; an image with several is listed once for each.
    pub tag: Option<String>,
}

const fn operation(name: &'static str) -> JsonOperation {
    JsonOperation {
        service: "ecr",
        target: "AmazonEC2ContainerRegistry_V20150921",
        name,
        // Looking, and deleting what is named: each does no harm twice.
        repeatable: true,
    }
}

impl Ecr {
    /// The repository of an image, in the region and account that its name says; `None` where another registry has it.
    pub fn of(aws: &Aws, image: &ImageRef) -> Option<Self> {
        let Registry::Ecr(registry) = &image.registry else { return None };
        let aws = aws.in_region(&registry.region);
        Some(Self { aws, registry: registry.clone(), repository: image.repository.clone() })
    }

    /// The digest that a tag has now.
    ///
    /// # Errors
    /// There is no such image or repository (`NotFound`), a refusal, or no answer.
    pub async fn digest(&self, tag: &str) -> Result<String, AwsError> {
        let object = format!("image {}:{tag}", self.repository);
        let answer = self.call("DescribeImages", &object, json!({ "imageIds": [{ "imageTag": tag }] })).await?;
        let digest = answer["imageDetails"][0]["imageDigest"].as_str().map(str::to_owned);
        digest.ok_or_else(|| AwsError::new(AwsErrorKind::NotFound, "DescribeImages", object, "no such image"))
    }

    /// Whether the digest is there.
    ///
    /// # Errors
    /// There is no such image or repository (`NotFound`), a refusal, or no answer.
    pub async fn check_digest(&self, digest: &str) -> Result<(), AwsError> {
        let object = format!("image {}@{digest}", self.repository);
        self.call("DescribeImages", &object, json!({ "imageIds": [{ "imageDigest": digest }] })).await.map(drop)
    }

    /// All images that have a tag.
    ///
    /// # Errors
    /// There is no such repository (`NotFound`), a refusal, or no answer.
    pub async fn list_images(&self) -> Result<Vec<Image>, AwsError> {
        let object = format!("repository {}", self.repository);
        let (mut found, mut page) = (Vec::new(), Value::Null);
        loop {
            let mut body = json!({ "filter": { "tagStatus": "TAGGED" }, "maxResults": 1000 });
            if page.is_string() {
                body["nextToken"] = page;
            }
            let mut answer = self.call("ListImages", &object, body).await?;
            found.extend(answer["imageIds"].as_array().into_iter().flatten().filter_map(image));
            page = answer["nextToken"].take();
            if !page.is_string() {
                return Ok(found);
            }
        }
    }

    /// Removes tags, and with its last one an image; gives those that were there.
    ///
    /// # Errors
    /// There is no such repository (`NotFound`), a refusal, or no answer.
    pub async fn delete_tags(&self, tags: &[String]) -> Result<Vec<Image>, AwsError> {
        let mut deleted = Vec::new();
        for tags in tags.chunks(DELETE_LIMIT) {
            let ids: Vec<Value> = tags.iter().map(|tag| json!({ "imageTag": tag })).collect();
            let object = format!("repository {}", self.repository);
            let answer = self.call("BatchDeleteImage", &object, json!({ "imageIds": ids })).await?;
            deleted.extend(answer["imageIds"].as_array().into_iter().flatten().filter_map(image));
            let failures = answer["failures"].as_array().into_iter().flatten();
            // What is gone already is what was asked for.
            let failure = failures.into_iter().find(|one| one["failureCode"].as_str() != Some("ImageNotFound"));
            if let Some(failure) = failure {
                let why = failure["failureReason"].as_str().unwrap_or("no reason given");
                return Err(AwsError::new(AwsErrorKind::Refused, "BatchDeleteImage", object, why)
                    .with_code(failure["failureCode"].as_str().map(str::to_owned)));
            }
        }
        Ok(deleted)
    }

    /// Tags of the repository: whose it is.
    ///
    /// # Errors
    /// There is no such repository (`NotFound`), a refusal, or no answer.
    pub async fn list_tags(&self) -> Result<BTreeMap<String, String>, AwsError> {
        let arn = self.registry.arn(&self.repository);
        let answer = self.send("ListTagsForResource", &arn, &json!({ "resourceArn": arn })).await?;
        let tags = answer["tags"].as_array().into_iter().flatten();
        Ok(tags.filter_map(|tag| Some((tag["Key"].as_str()?.to_owned(), tag["Value"].as_str()?.to_owned()))).collect())
    }

    async fn call(&self, name: &'static str, object: &str, mut body: Value) -> Result<Value, AwsError> {
        body["registryId"] = json!(self.registry.account);
        body["repositoryName"] = json!(self.repository);
        self.send(name, object, &body).await
    }

    async fn send(&self, name: &'static str, object: &str, body: &Value) -> Result<Value, AwsError> {
        self.aws.call(operation(name), object, body).await.map_err(|fault| {
            let fix = self.fix(&fault);
            fault.with_fix(fix)
        })
    }

    fn fix(&self, fault: &AwsError) -> Option<String> {
        let EcrRegistry { account, region, .. } = &self.registry;
        let text = match fault.code.as_deref()? {
            "AccessDeniedException" => format!(
                "allow ecr:{} on repository {} to the role that mayfly runs as",
                fault.operation, self.repository
            ),
            "RepositoryNotFoundException" => {
                format!("account {account} has no repository {} in {region}; check the image's name", self.repository)
            }
            "ImageNotFoundException" => {
                "push the image first, or name another tag; a build that still runs has not pushed yet".to_owned()
            }
            _ => return None,
        };
        Some(text)
    }
}

fn image(found: &Value) -> Option<Image> {
    let text = |name: &str| found[name].as_str().map(str::to_owned);
    Some(Image { digest: text("imageDigest")?, tag: text("imageTag") })
}

#[cfg(test)]
mod tests;
