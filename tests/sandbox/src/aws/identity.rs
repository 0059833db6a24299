//! Who calls: access keys, temporary credentials, and what their roles allow.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::Secret;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};
use uuid::Uuid;

use super::config::{AwsConfig, Role};
use super::fixture;
use super::pattern;
use super::sigv4::{Signature, Signed};
use super::wire::{Protocol, Refusal, Request, Service};

/// AWS lets clocks differ by five minutes.
const SKEW: time::Duration = time::Duration::minutes(5);

/// Somebody who may sign requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) arn: String,
    pub(crate) user_id: String,
    /// Actions that are allowed, as patterns.
    allowed: Vec<String>,
}

/// Temporary credentials as they are handed out.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    pub(crate) access_key: String,
    pub(crate) secret: Secret,
    pub(crate) token: Secret,
    pub(crate) expires: OffsetDateTime,
    pub(crate) principal: Principal,
}

struct Key {
    secret: Secret,
    session: Option<(Secret, OffsetDateTime)>,
    principal: Principal,
}

/// All keys that were ever handed out.
pub(crate) struct Keys(BTreeMap<String, Key>);

impl Keys {
    /// Knows the administrator's key only.
    pub(crate) fn new(account: &str) -> Self {
        let principal = Principal {
            arn: format!("arn:aws:iam::{account}:user/sandbox"),
            user_id: "AIDASANDBOXSANDBOX000".to_owned(),
            allowed: vec!["*".to_owned()],
        };
        let key = Key { secret: Secret::new(fixture::ADMIN_SECRET_KEY), session: None, principal };
        Self(BTreeMap::from([(fixture::ADMIN_ACCESS_KEY.to_owned(), key)]))
    }

    /// Issues credentials of a role for a session of this name.
    pub(crate) fn issue(&mut self, account: &str, role: &Role, session: &str, expires: OffsetDateTime) -> Issued {
        let random = Uuid::new_v4().simple().to_string().to_uppercase();
        let role_id = format!("AROA{:0>17.17}", role.name.to_uppercase().replace(|c: char| !c.is_alphanumeric(), ""));
        let principal = Principal {
            arn: format!("arn:aws:sts::{account}:assumed-role/{}/{session}", role.name),
            user_id: format!("{role_id}:{session}"),
            allowed: role.allowed.clone(),
        };
        let issued = Issued {
            access_key: format!("ASIA{}", &random[..16]),
            secret: Secret::new(format!("{}{}", Uuid::new_v4().simple(), &random[24..])),
            token: Secret::new(format!("SandboxSession/{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())),
            expires,
            principal: principal.clone(),
        };
        let session = Some((issued.token.clone(), expires));
        self.0.insert(issued.access_key.clone(), Key { secret: issued.secret.clone(), session, principal });
        issued
    }

    /// Finds out who signed a request, or why it is not to be believed.
    pub(crate) fn authenticate(
        &self,
        signed: &Signed<'_>,
        service: Service,
        region: &str,
        now: OffsetDateTime,
    ) -> Result<Principal, Distrust> {
        if !signed.headers.contains_key("authorization") {
            return Err(Distrust::NotSigned);
        }
        let signature = Signature::read(signed.headers).ok_or(Distrust::Unreadable)?;
        let key = self.0.get(signature.access_key).ok_or(Distrust::UnknownKey)?;
        match (&key.session, signature.token) {
            (None, None) => {}
            (Some((token, _)), Some(given)) if token.expose() == given => {}
            _ => return Err(Distrust::UnknownKey),
        }
        if signature.service != service.name() || signature.region != region {
            return Err(Distrust::OtherScope);
        }
        let signed_at = read_time(signature.signed_at).ok_or(Distrust::Unreadable)?;
        if (signed_at - now).abs() > SKEW {
            return Err(Distrust::Skewed { signed_at: signature.signed_at.to_owned() });
        }
        if !signature.was_made_with(key.secret.expose(), signed) {
            return Err(Distrust::WrongSignature);
        }
        // Last, as only the owner of the key may learn that it has expired.
        match &key.session {
            Some((_, expires)) if *expires <= now => Err(Distrust::Expired),
            _ => Ok(key.principal.clone()),
        }
    }
}

fn read_time(text: &str) -> Option<OffsetDateTime> {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    PrimitiveDateTime::parse(text, format).ok().map(PrimitiveDateTime::assume_utc)
}

/// Why a request is not believed to come from anybody.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Distrust {
    NotSigned,
    Unreadable,
    UnknownKey,
    OtherScope,
    Skewed { signed_at: String },
    WrongSignature,
    Expired,
}

impl Distrust {
    /// The error that the service answers; STS has codes of its own, and another status.
    pub(crate) fn refusal(&self, service: Service) -> Refusal {
        let (json, query) = self.codes();
        match (service.protocol(), self) {
            (Protocol::Json, _) => Refusal::client(json, self.text()),
            (Protocol::Query, _) => Refusal::forbidden(query, self.text()),
            (Protocol::Ec2, Self::Expired | Self::Skewed { .. }) => Refusal::client("RequestExpired", self.text()),
            (Protocol::Ec2, _) => {
                let text = "AWS was not able to validate the provided access credentials";
                Refusal { status: 401, ..Refusal::client("AuthFailure", text) }
            }
        }
    }

    /// The code in JSON 1.1, and the one of Query services.
    const fn codes(&self) -> (&'static str, &'static str) {
        match self {
            Self::NotSigned => ("MissingAuthenticationTokenException", "MissingAuthenticationToken"),
            Self::Unreadable => ("IncompleteSignatureException", "IncompleteSignature"),
            Self::UnknownKey => ("UnrecognizedClientException", "InvalidClientTokenId"),
            Self::Expired => ("ExpiredTokenException", "ExpiredToken"),
            Self::OtherScope | Self::Skewed { .. } | Self::WrongSignature => {
                ("InvalidSignatureException", "SignatureDoesNotMatch")
            }
        }
    }

    fn text(&self) -> String {
        let text = match self {
            Self::NotSigned => "Missing Authentication Token",
            Self::Unreadable => "Authorization needs Credential, SignedHeaders, Signature and an X-Amz-Date header",
            Self::UnknownKey => "The security token included in the request is invalid.",
            Self::Expired => "The security token included in the request is expired",
            Self::OtherScope => "Credential should be scoped to a valid region and to the correct service.",
            Self::Skewed { signed_at } => return format!("Signature expired: {signed_at} is not within 5 min of now"),
            Self::WrongSignature => {
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details."
            }
        };
        text.to_owned()
    }
}

impl Principal {
    fn may(&self, action: &str) -> bool {
        self.allowed.iter().any(|allowed| pattern::matches(allowed, action))
    }

    /// Refuses, in IAM's words, what no policy of the caller allows.
    pub(crate) fn authorise(&self, config: &AwsConfig, request: &Request) -> Result<(), Refusal> {
        // Everybody may ask who they are.
        if request.operation == "GetCallerIdentity" {
            return Ok(());
        }
        let resource = resource(config, request);
        let refused = actions(request).iter().find_map(|action| self.require(action, &resource).err());
        refused.map_or(Ok(()), |refusal| Err(in_dialect(refusal, request.service)))
    }

    /// Refuses an action that no policy of the caller allows.
    pub(crate) fn require(&self, action: &str, resource: &str) -> Result<(), Refusal> {
        if self.may(action) {
            return Ok(());
        }
        let text = format!(
            "User: {} is not authorized to perform: {action} on resource: {resource} because no identity-based policy \
             allows the {action} action",
            self.arn
        );
        Err(Refusal::client("AccessDeniedException", text))
    }
}

/// IAM's refusal in the codes of the service: Query services answer 403.
fn in_dialect(refusal: Refusal, service: Service) -> Refusal {
    match service.protocol() {
        Protocol::Json => refusal,
        Protocol::Query => Refusal::forbidden("AccessDenied", refusal.message),
        Protocol::Ec2 => {
            let text = format!("You are not authorized to perform this operation. {}", refusal.message);
            Refusal::forbidden("UnauthorizedOperation", text)
        }
    }
}

/// The actions that a call needs: RunTask with tags needs `ecs:TagResource` as well, and so it is with a rule's and a
/// target group's tags.
fn actions(request: &Request) -> Vec<String> {
    let mut actions = vec![format!("{}:{}", request.service.name(), request.operation)];
    let gives = |member: &str| request.parameters[member].as_array().is_some_and(|tags| !tags.is_empty());
    match request.service {
        Service::Ecs if gives("tags") && request.operation != "TagResource" => {
            actions.push("ecs:TagResource".to_owned());
        }
        Service::Elb if gives("Tags") && request.operation != "AddTags" => {
            actions.push("elasticloadbalancing:AddTags".to_owned());
        }
        _ => {}
    }
    actions
}

/// The resource that IAM's refusal names.
fn resource(config: &AwsConfig, request: &Request) -> String {
    let text = |name: &str| request.parameters[name].as_str().unwrap_or("*").to_owned();
    let arn = |rest: String| format!("arn:aws:{}:{}:{}:{rest}", request.service.name(), config.region, config.account);
    match request.operation.as_str() {
        "RunTask" if text("taskDefinition").starts_with("arn:") => text("taskDefinition"),
        "RunTask" => {
            let definition = text("taskDefinition");
            let revision = if definition.contains(':') { "" } else { ":*" };
            arn(format!("task-definition/{definition}{revision}"))
        }
        "StopTask" if text("task").starts_with("arn:") => text("task"),
        "StopTask" => arn(format!("task/{}/{}", text("cluster"), text("task"))),
        "TagResource" | "UntagResource" | "ListTagsForResource" => text("resourceArn"),
        "CreateRule" => text("ListenerArn"),
        "ModifyRule" | "DeleteRule" => text("RuleArn"),
        "RegisterTargets"
        | "DeregisterTargets"
        | "ModifyTargetGroup"
        | "ModifyTargetGroupAttributes"
        | "DeleteTargetGroup" => text("TargetGroupArn"),
        "CreateTargetGroup" => arn(format!("targetgroup/{}/*", text("Name"))),
        "StartBuild" => arn(format!("project/{}", text("projectName"))),
        "BatchDeleteImage" => arn(format!("repository/{}", text("repositoryName"))),
        "PutParameter" | "GetParameter" | "DeleteParameter" => {
            arn(format!("parameter/{}", text("name").trim_start_matches('/')))
        }
        _ => "*".to_owned(),
    }
}

/// How long the credentials of a task's role live: about six hours, as ECS hands them out.
pub(crate) const TASK_CREDENTIALS: Duration = Duration::from_secs(6 * 3_600);
