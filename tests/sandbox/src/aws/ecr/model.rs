//! Repositories and their images.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use crate::aws::config::AwsConfig;
use crate::aws::sigv4::hex;

/// An image of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// When it was pushed.
    pub pushed_at: OffsetDateTime,
    /// What it runs: a name of the configuration's images.
    pub runs: String,
}

/// All repositories by name, each with its images, oldest first.
pub(crate) struct Registry(BTreeMap<String, Vec<Image>>);

impl Registry {
    pub(crate) fn new(config: &AwsConfig) -> Self {
        let mut registry = Self(BTreeMap::new());
        for repository in &config.repositories {
            registry.0.entry(repository.name.clone()).or_default();
            for image in &repository.images {
                registry.push(&repository.name, &image.tags, &image.runs, config.clock.now());
            }
        }
        registry
    }

    /// Pushes an image, and moves its tags to it. Answers its digest; makes the repository where there is none.
    pub(crate) fn push(&mut self, repository: &str, tags: &[String], runs: &str, now: OffsetDateTime) -> String {
        let images = self.0.entry(repository.to_owned()).or_default();
        let name = format!("{repository} {} {runs}", tags.join(" "));
        let digest = format!("sha256:{}", hex(&Sha256::digest(name)));
        for image in images.iter_mut() {
            image.tags.retain(|tag| !tags.contains(tag));
        }
        images.retain(|image| image.digest != digest);
        let (tags, runs) = (tags.to_vec(), runs.to_owned());
        images.push(Image { digest: digest.clone(), tags, pushed_at: now, runs });
        digest
    }

    pub(crate) fn repositories(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    pub(crate) fn images(&self, repository: &str) -> Option<&[Image]> {
        self.0.get(repository).map(Vec::as_slice)
    }

    pub(super) fn images_mut(&mut self, repository: &str) -> Option<&mut Vec<Image>> {
        self.0.get_mut(repository)
    }

    /// The image that a reference means: `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME` with a tag, a digest, or neither.
    pub(crate) fn resolve(&self, config: &AwsConfig, reference: &str) -> Option<&Image> {
        let registry = format!("{}.dkr.ecr.{}.amazonaws.com/", config.account, config.region);
        let name = reference.strip_prefix(&registry)?;
        if let Some((repository, digest)) = name.split_once('@') {
            let repository = repository.split(':').next()?;
            return self.0.get(repository)?.iter().find(|image| image.digest == digest);
        }
        let (repository, tag) = name.split_once(':').unwrap_or((name, "latest"));
        self.0.get(repository)?.iter().find(|image| image.tags.iter().any(|own| own == tag))
    }
}
