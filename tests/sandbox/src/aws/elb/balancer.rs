//! The load balancer itself and its two listeners: they are there from the start and stay.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Elb, page};
use crate::aws::config::AwsConfig;
use crate::aws::query::{Fields, invalid};
use crate::aws::wire::Refusal;
use crate::aws::{acm, fixture};
use crate::clock::rfc3339;

/// A listener of the load balancer.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Its ARN.
    pub arn: String,
    /// `HTTPS` or `HTTP`.
    pub protocol: &'static str,
    /// 443 or 80.
    pub port: u16,
}

pub(crate) struct Balancer {
    pub(crate) arn: String,
    pub(crate) dns_name: String,
    pub(crate) listeners: [Listener; 2],
    name: String,
    certificate: String,
    subnets: Vec<String>,
    security_groups: Vec<String>,
    created: OffsetDateTime,
}

/// The part of the ARN that AWS draws by lot.
const ID: &str = "50dc6c495c0c9188";

impl Balancer {
    pub(crate) fn new(config: &AwsConfig) -> Self {
        let name = config.load_balancer.name.clone();
        let arn = |rest: String| config.arn("elasticloadbalancing", &rest);
        let listener =
            |id: &str, protocol, port| Listener { arn: arn(format!("listener/app/{name}/{ID}/{id}")), protocol, port };
        Self {
            arn: arn(format!("loadbalancer/app/{name}/{ID}")),
            dns_name: format!("{name}-1234567890.{}.elb.amazonaws.com", config.region),
            listeners: [listener("f2f7dc8efc522ab2", "HTTPS", 443), listener("0467ef3c8400ae65", "HTTP", 80)],
            certificate: acm::arn_of(config, &config.load_balancer.certificate).unwrap_or_default(),
            subnets: config.subnets.clone(),
            security_groups: config.security_groups.clone(),
            created: config.clock.now(),
            name,
        }
    }

    pub(super) fn listener(&self, arn: &str) -> Result<&Listener, Refusal> {
        let missing = || Refusal::client("ListenerNotFound", "One or more listeners not found");
        // The load balancer's own ARN is what people paste in a listener's place.
        if !arn.contains(":listener/") {
            return Err(invalid(format!("'{arn}' is not a valid listener ARN")));
        }
        self.listeners.iter().find(|listener| listener.arn == arn).ok_or_else(missing)
    }

    fn certificates(&self, listener: &Listener) -> Option<Value> {
        let entry = json!({ "CertificateArn": self.certificate });
        (listener.protocol == "HTTPS").then(|| json!([entry]))
    }

    fn describe_listener(&self, listener: &Listener) -> Value {
        json!({
            "ListenerArn": listener.arn,
            "LoadBalancerArn": self.arn,
            "Port": listener.port,
            "Protocol": listener.protocol,
            "Certificates": self.certificates(listener),
            "SslPolicy": (listener.protocol == "HTTPS").then_some("ELBSecurityPolicy-TLS13-1-2-2021-06"),
            "DefaultActions": [default_action()],
        })
    }

    fn describe(&self) -> Value {
        let zones = self.subnets.iter().map(|subnet| json!({ "ZoneName": "eu-central-1a", "SubnetId": subnet }));
        json!({
            "LoadBalancerArn": self.arn,
            "LoadBalancerName": self.name,
            "DNSName": self.dns_name,
            "CanonicalHostedZoneId": "Z215JYRZR1TBD5",
            "CreatedTime": rfc3339(self.created),
            "Scheme": "internet-facing",
            "VpcId": fixture::VPC,
            "State": { "Code": "active" },
            "Type": "application",
            "AvailabilityZones": zones.collect::<Value>(),
            "SecurityGroups": self.security_groups,
            "IpAddressType": "ipv4",
        })
    }
}

/// What both listeners do with a request that no rule is for.
pub(super) fn default_action() -> Value {
    json!({
        "Type": "fixed-response",
        "Order": 1,
        "FixedResponseConfig": { "StatusCode": "404", "ContentType": "text/plain", "MessageBody": NOTHING_HERE },
    })
}

/// The body of the default answer.
pub(super) const NOTHING_HERE: &str = "no such preview";

pub(super) fn listeners(elb: &Elb, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let balancer = &elb.balancer;
    if let Some(arn) = fields.text("LoadBalancerArn") {
        check_balancer(balancer, arn)?;
    }
    let asked = fields.texts("ListenerArns");
    if asked.is_empty() && fields.text("LoadBalancerArn").is_none() {
        return Err(invalid("You must specify either listener ARNs or a load balancer ARN"));
    }
    let wanted: Vec<&Listener> = match asked.as_slice() {
        [] => balancer.listeners.iter().collect(),
        arns => arns.iter().map(|arn| balancer.listener(arn)).collect::<Result<_, _>>()?,
    };
    let all: Vec<Value> = wanted.into_iter().map(|listener| balancer.describe_listener(listener)).collect();
    page(fields, "Listeners", &all)
}

pub(super) fn check_balancer(balancer: &Balancer, arn: &str) -> Result<(), Refusal> {
    let missing = || Refusal::client("LoadBalancerNotFound", format!("Load balancer '{arn}' not found"));
    (balancer.arn == arn).then_some(()).ok_or_else(missing)
}

pub(super) fn listener_certificates(elb: &Elb, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let listener = elb.balancer.listener(fields.required("ListenerArn")?)?;
    let default = json!({ "CertificateArn": elb.balancer.certificate, "IsDefault": true });
    let all: Vec<Value> = elb.balancer.certificates(listener).map(|_| default).into_iter().collect();
    page(fields, "Certificates", &all)
}

pub(super) fn load_balancers(elb: &Elb, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let balancer = &elb.balancer;
    fields.texts("LoadBalancerArns").into_iter().try_for_each(|arn| check_balancer(balancer, arn))?;
    if let Some(name) = fields.texts("Names").into_iter().find(|name| *name != balancer.name) {
        return Err(Refusal::client("LoadBalancerNotFound", format!("Load balancers '[{name}]' not found")));
    }
    page(fields, "LoadBalancers", &[balancer.describe()])
}

pub(super) fn limits(elb: &Elb, config: &AwsConfig) -> Value {
    let quota = &config.load_balancer;
    let limits = [
        ("application-load-balancers", 50),
        ("target-groups", quota.target_groups),
        ("targets-per-application-load-balancer", 1_000),
        ("listeners-per-application-load-balancer", 50),
        ("rules-per-application-load-balancer", elb.rule_quota),
        ("target-groups-per-application-load-balancer", quota.unique_target_groups),
        ("target-groups-per-action-on-application-load-balancer", 5),
        ("condition-values-per-alb-rule", 5),
        ("condition-wildcards-per-alb-rule", 6),
    ];
    let limits: Vec<Value> =
        limits.iter().map(|(name, most)| json!({ "Name": name, "Max": most.to_string() })).collect();
    json!({ "Limits": limits })
}
