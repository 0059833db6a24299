//! Load balancers, their listeners, and how much they take.

use serde::Deserialize;

use super::client::repeatable;
use super::xml::{List, next_page};
use super::{Alb, ListenerArn, LoadBalancerArn};
use crate::aws::query::Parameters;
use crate::aws::{AwsError, AwsErrorKind};

/// A listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its ARN.
    pub arn: ListenerArn,
    /// Its load balancer.
    pub load_balancer: LoadBalancerArn,
    /// `HTTPS`, `HTTP`.
    pub protocol: String,
    /// Its port.
    pub port: u16,
    /// Its default certificate; [`Alb::describe_listener_certificates`] has the others.
    pub certificate: Option<String>,
}

impl Listener {
    /// The address of a host behind it.
    pub fn url(&self, host: &str) -> String {
        let (scheme, usual) = if self.protocol == "HTTPS" { ("https", 443) } else { ("http", 80) };
        if self.port == usual { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{}", self.port) }
    }
}

/// A load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadBalancer {
    /// Its name.
    pub name: String,
    /// Where a wildcard record points to.
    pub dns_name: String,
    /// Its VPC.
    pub vpc: String,
    /// `internet-facing` or `internal`.
    pub scheme: String,
    /// `application`, `network`, `gateway`.
    pub kind: String,
    /// `active`, `provisioning`, `failed`.
    pub state: String,
    /// Its security groups.
    pub security_groups: Vec<String>,
}

/// Quotas of this account and region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Rules of one load balancer, default rules not counted.
    pub rules: usize,
    /// Target groups of one load balancer. AWS does not raise it.
    pub target_groups: usize,
}

impl Default for Limits {
    /// ELB user guide: quotas for application load balancers.
    fn default() -> Self {
        Self { rules: 100, target_groups: 100 }
    }
}

impl Alb {
    /// Looks at a listener.
    ///
    /// # Errors
    /// There is none, a refusal, or no answer.
    pub async fn describe_listener(&self, arn: &ListenerArn) -> Result<Listener, AwsError> {
        let form = Parameters::default().with("ListenerArns.member.1", arn.as_str());
        let found = self.listeners(&format!("listener {arn}"), form).await?;
        found.into_iter().next().ok_or_else(|| missing("DescribeListeners", format!("listener {arn}")))
    }

    /// All listeners of a load balancer.
    ///
    /// # Errors
    /// There is no such load balancer, a refusal, or no answer.
    pub async fn describe_listeners(&self, arn: &LoadBalancerArn) -> Result<Vec<Listener>, AwsError> {
        let form = Parameters::default().with("LoadBalancerArn", arn.as_str());
        self.listeners(&format!("load balancer {arn}"), form).await
    }

    async fn listeners(&self, object: &str, form: Parameters) -> Result<Vec<Listener>, AwsError> {
        let (mut found, mut page) = (Vec::new(), form.clone());
        loop {
            let answer: ListenersXml = self.call(repeatable("DescribeListeners"), object, &page).await?;
            found.extend(answer.listeners.member.into_iter().map(Listener::from));
            let Some(marker) = next_page(answer.next_marker) else { return Ok(found) };
            page = form.clone().with("Marker", marker);
        }
    }

    /// Looks at a load balancer.
    ///
    /// # Errors
    /// There is none, a refusal, or no answer.
    pub async fn describe_load_balancer(&self, arn: &LoadBalancerArn) -> Result<LoadBalancer, AwsError> {
        let object = format!("load balancer {arn}");
        let form = Parameters::default().with("LoadBalancerArns.member.1", arn.as_str());
        let answer: LoadBalancersXml = self.call(repeatable("DescribeLoadBalancers"), &object, &form).await?;
        let found = answer.load_balancers.member.into_iter().next().map(LoadBalancer::from);
        found.ok_or_else(|| missing("DescribeLoadBalancers", object))
    }

    /// ARNs of a listener's certificates: the default one and all others.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn describe_listener_certificates(&self, arn: &ListenerArn) -> Result<Vec<String>, AwsError> {
        let form = Parameters::default().with("ListenerArn", arn.as_str());
        let (mut found, mut page) = (Vec::new(), form.clone());
        loop {
            let object = format!("listener {arn}");
            let answer: ListenerXml = self.call(repeatable("DescribeListenerCertificates"), &object, &page).await?;
            found.extend(answer.certificates.member.into_iter().map(|certificate| certificate.certificate_arn));
            let Some(marker) = next_page(answer.next_marker) else { return Ok(found) };
            page = form.clone().with("Marker", marker);
        }
    }

    /// The quotas, those that AWS has by default where it does not name them.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn describe_account_limits(&self) -> Result<Limits, AwsError> {
        let form = Parameters::default();
        let answer: LimitsXml = self.call(repeatable("DescribeAccountLimits"), "the account", &form).await?;
        let limit = |name: &str, default: usize| {
            let named = answer.limits.member.iter().find(|limit| limit.name == name);
            named.and_then(|limit| limit.max.parse().ok()).unwrap_or(default)
        };
        let usual = Limits::default();
        Ok(Limits {
            rules: limit("rules-per-application-load-balancer", usual.rules),
            target_groups: limit("target-groups-per-application-load-balancer", usual.target_groups),
        })
    }
}

fn missing(operation: &'static str, object: String) -> AwsError {
    AwsError::new(AwsErrorKind::NotFound, operation, object, "the answer does not have it")
}

impl From<ListenerXml> for Listener {
    fn from(xml: ListenerXml) -> Self {
        Self {
            arn: ListenerArn::new(xml.listener_arn),
            load_balancer: LoadBalancerArn::new(xml.load_balancer_arn),
            protocol: xml.protocol,
            port: xml.port,
            certificate: xml.certificates.member.into_iter().next().map(|certificate| certificate.certificate_arn),
        }
    }
}

impl From<LoadBalancerXml> for LoadBalancer {
    fn from(xml: LoadBalancerXml) -> Self {
        Self {
            name: xml.load_balancer_name,
            dns_name: xml.dns_name,
            vpc: xml.vpc_id,
            scheme: xml.scheme,
            kind: xml.kind,
            state: xml.state.code,
            security_groups: xml.security_groups.member,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct ListenersXml {
    listeners: List<ListenerXml>,
    next_marker: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct ListenerXml {
    listener_arn: String,
    load_balancer_arn: String,
    protocol: String,
    port: u16,
    certificates: List<CertificateXml>,
    next_marker: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct CertificateXml {
    certificate_arn: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct LoadBalancersXml {
    load_balancers: List<LoadBalancerXml>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct LoadBalancerXml {
    load_balancer_name: String,
    #[serde(rename = "DNSName")]
    dns_name: String,
    vpc_id: String,
    scheme: String,
    #[serde(rename = "Type")]
    kind: String,
    state: StateXml,
    security_groups: List<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct StateXml {
    code: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct LimitsXml {
    limits: List<LimitXml>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct LimitXml {
    name: String,
    max: String,
}
