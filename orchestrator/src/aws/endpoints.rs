//! Where AWS's services answer.

use crate::config::Vars;

/// Base addresses of the services, set by hand where a variable says so (`AWS_ENDPOINT_URL_ECS`, `AWS_ENDPOINT_URL`: the
/// SDK's own names), else derived.
#[derive(Clone, Debug)]
pub struct Endpoints {
    region: String,
    everything: Option<String>,
    own: Vec<(&'static str, String)>,
}

/// Services that are called, by the name that their signature has, and their variable.
const SERVICES: [(&str, &str); 9] = [
    ("acm", "AWS_ENDPOINT_URL_ACM"),
    ("codebuild", "AWS_ENDPOINT_URL_CODEBUILD"),
    ("ec2", "AWS_ENDPOINT_URL_EC2"),
    ("ecr", "AWS_ENDPOINT_URL_ECR"),
    ("ecs", "AWS_ENDPOINT_URL_ECS"),
    ("elasticloadbalancing", "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2"),
    ("logs", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"),
    ("ssm", "AWS_ENDPOINT_URL_SSM"),
    ("sts", "AWS_ENDPOINT_URL_STS"),
];

impl Endpoints {
    /// Reads the variables.
    pub fn from_vars(region: &str, vars: Vars<'_>) -> Self {
        let var = |name: &str| vars(name).filter(|url| !url.is_empty()).map(|url| url.trim_end_matches('/').to_owned());
        let ignored =
            vars("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if ignored {
            return Self { region: region.to_owned(), everything: None, own: Vec::new() };
        }
        let own = SERVICES.iter().filter_map(|(service, name)| Some((*service, var(name)?))).collect();
        Self { region: region.to_owned(), everything: var("AWS_ENDPOINT_URL"), own }
    }

    /// The same for another region; addresses that were set by hand stay.
    pub(super) fn in_region(&self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self.clone() }
    }

    /// The address that was set by hand for a service.
    pub fn configured(&self, service: &str) -> Option<&str> {
        let own = self.own.iter().find(|(name, _)| *name == service).map(|(_, url)| url.as_str());
        own.or(self.everything.as_deref())
    }

    /// The address of a service.
    pub fn url(&self, service: &str) -> String {
        let suffix = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        // The one whose host is not called as its signature says.
        let host = if service == "ecr" { "api.ecr" } else { service };
        self.configured(service).map_or_else(|| format!("https://{host}.{}.{suffix}", self.region), str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::Endpoints;

    #[test]
    fn own_address_stands_over_the_one_for_everything_over_the_derived_one() {
        let vars = |name: &str| match name {
            "AWS_ENDPOINT_URL_ECS" => Some("http://ecs/".to_owned()),
            "AWS_ENDPOINT_URL" => Some("http://all".to_owned()),
            _ => None,
        };
        let endpoints = Endpoints::from_vars("eu-central-1", &vars);
        assert_eq!(endpoints.url("ecs"), "http://ecs");
        assert_eq!(endpoints.url("sts"), "http://all");
        assert_eq!(Endpoints::from_vars("cn-north-1", &|_| None).url("sts"), "https://sts.cn-north-1.amazonaws.com.cn");
    }

    #[test]
    fn image_registry_is_called_under_its_own_host_and_load_balancing_under_the_sdks_variable() {
        let derived = Endpoints::from_vars("eu-central-1", &|_| None);
        assert_eq!(derived.url("ecr"), "https://api.ecr.eu-central-1.amazonaws.com");
        let vars = |name: &str| (name == "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2").then(|| "http://elb".to_owned());
        let endpoints = Endpoints::from_vars("eu-central-1", &vars);
        assert_eq!(endpoints.url("elasticloadbalancing"), "http://elb");
        assert_eq!(endpoints.url("ec2"), "https://ec2.eu-central-1.amazonaws.com");
    }
}
