//! The way to Elastic Load Balancing, and tags, which all its objects have.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::explain::fix;
use super::xml::List;
use crate::aws::query::{Done, Parameters, QueryOperation, QueryService};
use crate::aws::{Aws, AwsError, AwsErrorKind};

/// DescribeTags takes so many objects at once.
const TAGS_LIMIT: usize = 20;

/// Tags of one object.
pub type Tags = BTreeMap<String, String>;

/// Elastic Load Balancing.
#[derive(Clone, Debug)]
pub struct Alb {
    aws: Aws,
}

/// A call that may be sent again after a lost answer.
pub(super) const fn repeatable(name: &'static str) -> QueryOperation {
    QueryOperation { service: QueryService::ELB, name, repeatable: true }
}

impl Alb {
    /// A client.
    pub fn new(aws: &Aws) -> Self {
        Self { aws: aws.clone() }
    }

    pub(super) async fn call<T: DeserializeOwned + Default>(
        &self,
        operation: QueryOperation,
        object: &str,
        parameters: &Parameters,
    ) -> Result<T, AwsError> {
        self.aws.query(operation, object, parameters).await.map_err(|fault| {
            let fix = fix(&fault);
            fault.with_fix(fix)
        })
    }

    /// Sends a removal; what is gone already is no error.
    pub(super) async fn remove(&self, name: &'static str, object: &str, form: &Parameters) -> Result<(), AwsError> {
        match self.call::<Done>(repeatable(name), object, form).await {
            Err(fault) if fault.kind != AwsErrorKind::NotFound => Err(fault),
            _ => Ok(()),
        }
    }

    /// Tags of target groups, rules, listeners or load balancers, by ARN. One that is gone has none.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn describe_tags(&self, arns: &[&str]) -> Result<BTreeMap<String, Tags>, AwsError> {
        let mut found = BTreeMap::new();
        for arns in arns.chunks(TAGS_LIMIT) {
            match self.tags_of(arns).await {
                // One that was removed a moment ago hides the others.
                Err(fault) if fault.kind == AwsErrorKind::NotFound && arns.len() > 1 => {
                    for arn in arns {
                        found.extend(self.tags_or_none(arn).await?);
                    }
                }
                Err(fault) if fault.kind == AwsErrorKind::NotFound => {}
                answer => found.extend(answer?),
            }
        }
        Ok(found)
    }

    async fn tags_or_none(&self, arn: &str) -> Result<BTreeMap<String, Tags>, AwsError> {
        match self.tags_of(&[arn]).await {
            Err(fault) if fault.kind == AwsErrorKind::NotFound => Ok(BTreeMap::new()),
            answer => answer,
        }
    }

    async fn tags_of(&self, arns: &[&str]) -> Result<BTreeMap<String, Tags>, AwsError> {
        let form = Parameters::default().with_list("ResourceArns.member", arns.iter().copied());
        let object = match arns {
            [arn] => (*arn).to_owned(),
            many => format!("{} objects", many.len()),
        };
        let answer: TagsXml = self.call(repeatable("DescribeTags"), &object, &form).await?;
        let tags = |list: List<TagXml>| list.member.into_iter().map(|tag| (tag.key, tag.value)).collect();
        Ok(answer.tag_descriptions.member.into_iter().map(|one| (one.resource_arn, tags(one.tags))).collect())
    }

    /// Adds tags, or changes their values.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn add_tags(&self, arn: &str, tags: &Tags) -> Result<(), AwsError> {
        let form = with_tags(Parameters::default().with("ResourceArns.member.1", arn), tags);
        self.call::<Done>(repeatable("AddTags"), arn, &form).await.map(drop)
    }
}

/// Adds the tags that an object is made with, or given.
pub(super) fn with_tags(form: Parameters, tags: &Tags) -> Parameters {
    tags.iter().enumerate().fold(form, |form, (index, (key, value))| {
        let place = format!("Tags.member.{}", index + 1);
        form.with(format!("{place}.Key"), key).with(format!("{place}.Value"), value)
    })
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct TagsXml {
    tag_descriptions: List<TagDescriptionXml>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct TagDescriptionXml {
    resource_arn: String,
    tags: List<TagXml>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct TagXml {
    key: String,
    value: String,
}
