//! The calls about images.

use serde::Deserialize;
use serde_json::{Value, json};

use super::model::{Image, Registry};
use crate::aws::config::AwsConfig;
use crate::aws::wire::{Refusal, seconds};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    #[serde(default)]
    repository_name: String,
    #[serde(default)]
    repository_names: Vec<String>,
    #[serde(default)]
    image_ids: Vec<ImageId>,
    filter: Option<Filter>,
    resource_arn: Option<String>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ImageId {
    image_digest: Option<String>,
    image_tag: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    tag_status: Option<String>,
}

fn no_repository(config: &AwsConfig, name: &str) -> Refusal {
    let account = &config.account;
    let text = format!("The repository with name '{name}' does not exist in the registry with id '{account}'");
    Refusal::client("RepositoryNotFoundException", text)
}

fn images<'a>(registry: &'a Registry, config: &AwsConfig, input: &Input) -> Result<&'a [Image], Refusal> {
    let name = &input.repository_name;
    registry.images(name).ok_or_else(|| no_repository(config, name))
}

impl ImageId {
    fn is(&self, image: &Image) -> bool {
        let by_digest = self.image_digest.as_ref().is_none_or(|digest| *digest == image.digest);
        by_digest && self.image_tag.as_ref().is_none_or(|tag| image.tags.contains(tag))
    }

    fn echo(&self) -> Value {
        let mut echoed = json!({});
        if let Some(digest) = &self.image_digest {
            echoed["imageDigest"] = json!(digest);
        }
        if let Some(tag) = &self.image_tag {
            echoed["imageTag"] = json!(tag);
        }
        echoed
    }

    fn not_found(&self) -> Value {
        let (code, reason) = ("ImageNotFound", "Requested image not found");
        json!({ "imageId": self.echo(), "failureCode": code, "failureReason": reason })
    }
}

impl Input {
    fn wants(&self, image: &Image) -> bool {
        let status = self.filter.as_ref().and_then(|filter| filter.tag_status.as_deref());
        match status {
            Some("TAGGED") => !image.tags.is_empty(),
            Some("UNTAGGED") => image.tags.is_empty(),
            _ => true,
        }
    }

    fn page(&self, name: &str, all: &[Value]) -> Result<Value, Refusal> {
        let most = self.max_results.unwrap_or(100);
        if !(1..=1_000).contains(&most) {
            let text = "Invalid parameter at 'maxResults' failed to satisfy constraint: 'must be between 1 and 1000'";
            return Err(Refusal::client("InvalidParameterException", text));
        }
        let refuse = || Refusal::client("InvalidParameterException", "Invalid parameter at 'nextToken'");
        let from: usize = self.next_token.as_ref().map_or(Ok(0), |token| token.parse().map_err(|_| refuse()))?;
        let to = all.len().min(from.saturating_add(most));
        let mut page = json!({ name: all.get(from..to).ok_or_else(refuse)? });
        if to < all.len() {
            page["nextToken"] = json!(to.to_string());
        }
        Ok(page)
    }
}

pub(super) fn repositories(registry: &Registry, config: &AwsConfig, input: &Input) -> Result<Value, Refusal> {
    let unknown = input.repository_names.iter().find(|name| registry.images(name).is_none());
    if let Some(name) = unknown {
        return Err(no_repository(config, name));
    }
    let wanted = |name: &&String| input.repository_names.is_empty() || input.repository_names.contains(name);
    let describe = |name: &String| {
        let uri = format!("{}.dkr.ecr.{}.amazonaws.com/{name}", config.account, config.region);
        let arn = config.arn("ecr", &format!("repository/{name}"));
        json!({ "repositoryArn": arn, "registryId": config.account, "repositoryName": name, "repositoryUri": uri })
    };
    let all: Vec<Value> = registry.repositories().filter(wanted).map(describe).collect();
    input.page("repositories", &all)
}

pub(super) fn describe(registry: &Registry, config: &AwsConfig, input: &Input) -> Result<Value, Refusal> {
    let images = images(registry, config, input)?;
    if let Some(missing) = input.image_ids.iter().find(|id| !images.iter().any(|image| id.is(image))) {
        let part = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
        let (digest, tag) = (part(&missing.image_digest), part(&missing.image_tag));
        let (name, account) = (&input.repository_name, &config.account);
        let text = format!(
            "The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within the repository \
             with name '{name}' in the registry with id '{account}'"
        );
        return Err(Refusal::client("ImageNotFoundException", text));
    }
    let asked = |image: &&Image| input.image_ids.is_empty() || input.image_ids.iter().any(|id| id.is(image));
    let all: Vec<Value> = images
        .iter()
        .filter(|image| asked(image) && input.wants(image))
        .map(|image| detail(config, &input.repository_name, image))
        .collect();
    input.page("imageDetails", &all)
}

fn detail(config: &AwsConfig, repository: &str, image: &Image) -> Value {
    let mut detail = json!({
        "registryId": config.account,
        "repositoryName": repository,
        "imageDigest": image.digest,
        "imageSizeInBytes": 31_457_280,
        "imagePushedAt": seconds(image.pushed_at),
        "imageManifestMediaType": "application/vnd.docker.distribution.manifest.v2+json",
    });
    if !image.tags.is_empty() {
        detail["imageTags"] = json!(image.tags);
    }
    detail
}

/// One entry for each tag of an image, and one for an image without any.
pub(super) fn list(registry: &Registry, config: &AwsConfig, input: &Input) -> Result<Value, Refusal> {
    let entries = |image: &Image| match image.tags.as_slice() {
        [] => vec![json!({ "imageDigest": image.digest })],
        tags => tags.iter().map(|tag| json!({ "imageDigest": image.digest, "imageTag": tag })).collect(),
    };
    let images = images(registry, config, input)?;
    let all: Vec<Value> = images.iter().filter(|image| input.wants(image)).flat_map(entries).collect();
    input.page("imageIds", &all)
}

fn check_ids(input: &Input) -> Result<(), Refusal> {
    match input.image_ids.len() {
        1..=100 => Ok(()),
        _ => Err(Refusal::client("InvalidParameterException", "Invalid parameter at 'imageIds': 1 to 100 are allowed")),
    }
}

pub(super) fn batch_get(registry: &Registry, config: &AwsConfig, input: &Input) -> Result<Value, Refusal> {
    let stored = images(registry, config, input)?;
    check_ids(input)?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for id in &input.image_ids {
        match stored.iter().find(|image| id.is(image)) {
            Some(image) => found.push(json!({
                "registryId": config.account,
                "repositoryName": input.repository_name,
                "imageId": { "imageDigest": image.digest, "imageTag": id.image_tag },
                "imageManifest": "{}",
            })),
            None => failures.push(id.not_found()),
        }
    }
    Ok(json!({ "images": found, "failures": failures }))
}

/// By tag, the tag goes, and with its last one the image; by digest, the image with all of its tags.
pub(super) fn batch_delete(registry: &mut Registry, config: &AwsConfig, input: &Input) -> Result<Value, Refusal> {
    images(registry, config, input)?;
    check_ids(input)?;
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for id in &input.image_ids {
        let stored = registry.images_mut(&input.repository_name);
        let Some((images, at)) = stored.and_then(|images| {
            let at = images.iter().position(|image| id.is(image))?;
            Some((images, at))
        }) else {
            failures.push(id.not_found());
            continue;
        };
        let digest = images[at].digest.clone();
        let gone = id.image_tag.as_ref().map_or_else(|| images[at].tags.clone(), |tag| vec![tag.clone()]);
        images[at].tags.retain(|tag| !gone.contains(tag));
        if images[at].tags.is_empty() {
            images.remove(at);
        }
        deleted.extend(gone.iter().map(|tag| json!({ "imageDigest": digest, "imageTag": tag })));
        if gone.is_empty() {
            deleted.push(json!({ "imageDigest": digest }));
        }
    }
    Ok(json!({ "imageIds": deleted, "failures": failures }))
}

/// Repositories have no tags here.
pub(super) fn tags(registry: &Registry, config: &AwsConfig, input: &Input) -> Result<Value, Refusal> {
    let arn = input.resource_arn.as_deref().unwrap_or_default();
    let name = arn.split_once(":repository/").map_or("", |(_, name)| name);
    registry.images(name).map(|_| json!({ "tags": [] })).ok_or_else(|| no_repository(config, name))
}
