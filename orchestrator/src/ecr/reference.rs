//! An image's reference: `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`.

use std::fmt;
use std::str::FromStr;

/// Docker Hub, where no registry is named.
const DOCKER_HUB: &str = "docker.io";
/// The tag that is meant where none is named.
const DEFAULT_TAG: &str = "latest";

/// A private registry of ECR.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EcrRegistry {
    /// Account, twelve digits.
    pub account: String,
    /// Region.
    pub region: String,
    host: String,
}

impl EcrRegistry {
    /// `ACCOUNT.dkr.ecr[-fips].REGION.amazonaws.com[.cn]`, or `ACCOUNT.dkr-ecr[-fips].REGION.on.aws`.
    fn parse(host: &str) -> Option<Self> {
        let (account, rest) = host.split_once('.')?;
        let rest = ["dkr.ecr.", "dkr.ecr-fips.", "dkr-ecr.", "dkr-ecr-fips."]
            .iter()
            .find_map(|prefix| rest.strip_prefix(prefix))?;
        let (region, domain) = rest.split_once('.')?;
        let known = ["amazonaws.com", "amazonaws.com.cn", "on.aws", "on.amazonwebservices.com.cn"].contains(&domain);
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        (known && is_account && !region.is_empty()).then(|| Self {
            account: account.to_owned(),
            region: region.to_owned(),
            host: host.to_owned(),
        })
    }

    /// The ARN of one of its repositories.
    pub fn arn(&self, repository: &str) -> String {
        let partition = match self.region.split('-').next() {
            Some("cn") => "aws-cn",
            _ if self.region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        format!("arn:{partition}:ecr:{}:{}:repository/{repository}", self.region, self.account)
    }
}

/// Where an image is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Registry {
    /// ECR.
    Ecr(EcrRegistry),
    /// Docker Hub.
    DockerHub,
    /// Another, by its host.
    Other(String),
}

/// An image's reference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImageRef {
    /// Where it is kept.
    pub registry: Registry,
    /// Its repository: `library/nginx` for Docker Hub's `nginx`.
    pub repository: String,
    /// Its tag.
    pub tag: Option<String>,
    /// Its digest: `sha256:…`.
    pub digest: Option<String>,
}

impl ImageRef {
    /// The tag that it means: without a digest and without a tag, `latest`.
    pub fn tag_or_default(&self) -> Option<&str> {
        match (&self.tag, &self.digest) {
            (Some(tag), _) => Some(tag),
            (None, None) => Some(DEFAULT_TAG),
            (None, Some(_)) => None,
        }
    }

    /// The same image bound to a digest, without the tag that may move.
    #[must_use]
    pub fn at(&self, digest: &str) -> Self {
        Self { tag: None, digest: Some(digest.to_owned()), ..self.clone() }
    }
}

impl FromStr for ImageRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = |why: &str| format!("\"{text}\" is not an image: {why}");
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        if digest.is_some_and(|digest| !is_digest(digest)) {
            return Err(refuse("a digest is sha256: and 64 hexadecimal digits"));
        }
        let (host, path) = split_host(rest);
        let (path, tag) = match path.rsplit_once(':') {
            Some((path, tag)) => (path, Some(tag)),
            None => (path, None),
        };
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(refuse("a tag has 1 to 128 letters, digits, `_`, `.` and `-`"));
        }
        if !is_repository(path) {
            return Err(refuse("a repository has lower-case letters, digits, `.`, `_`, `-` and `/`"));
        }
        let registry = registry(host);
        let official = registry == Registry::DockerHub && !path.contains('/');
        Ok(Self {
            registry,
            repository: if official { format!("library/{path}") } else { path.to_owned() },
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
        })
    }
}

/// The first part is a host if it could not be a name at Docker Hub, as Docker decides it.
fn split_host(text: &str) -> (Option<&str>, &str) {
    match text.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), rest),
        _ => (None, text),
    }
}

fn registry(host: Option<&str>) -> Registry {
    match host {
        None | Some(DOCKER_HUB | "index.docker.io" | "registry-1.docker.io") => Registry::DockerHub,
        Some(host) => EcrRegistry::parse(host).map_or_else(|| Registry::Other(host.to_owned()), Registry::Ecr),
    }
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_tag(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    (1..=128).contains(&text.len()) && text.chars().all(inner) && !text.starts_with(['.', '-'])
}

fn is_repository(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
    text.len() <= 256 && text.split('/').all(|part| !part.is_empty() && part.chars().all(inner))
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.registry {
            Registry::Ecr(ecr) => write!(f, "{}/", ecr.host)?,
            Registry::DockerHub => write!(f, "{DOCKER_HUB}/")?,
            Registry::Other(host) => write!(f, "{host}/")?,
        }
        f.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ImageRef, Registry};

    const ECR: &str = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";

    fn read(text: &str) -> ImageRef {
        text.parse().unwrap_or_else(|fault| panic!("{fault}"))
    }

    #[test]
    fn image_of_ecr_tells_account_and_region() {
        let image = read(&format!("{ECR}/team/app:pr-7"));
        let Registry::Ecr(registry) = &image.registry else { panic!("{image:?}") };
        assert_eq!((registry.account.as_str(), registry.region.as_str()), ("123456789012", "eu-central-1"));
        assert_eq!((image.repository.as_str(), image.tag.as_deref()), ("team/app", Some("pr-7")));
        assert_eq!(registry.arn("team/app"), "arn:aws:ecr:eu-central-1:123456789012:repository/team/app");
        let china = read("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app");
        assert!(
            matches!(china.registry, Registry::Ecr(registry) if registry.arn("app").starts_with("arn:aws-cn:ecr:"))
        );
    }

    #[test]
    fn names_without_a_registry_are_docker_hubs() {
        for (text, full) in [
            ("nginx", "docker.io/library/nginx"),
            ("nginx:1.27", "docker.io/library/nginx:1.27"),
            ("bitnami/redis:7", "docker.io/bitnami/redis:7"),
            ("docker.io/nginx", "docker.io/library/nginx"),
        ] {
            let image = read(text);
            assert_eq!((&image.registry, image.to_string().as_str()), (&Registry::DockerHub, full));
        }
        for text in ["localhost/app", "ghcr.io/octo/app:main", "registry:5000/app", "public.ecr.aws/nginx/nginx:1"] {
            assert!(matches!(read(text).registry, Registry::Other(_)), "{text}");
            assert_eq!(read(text).to_string(), text);
        }
    }

    #[test]
    fn port_of_a_registry_is_no_tag_and_a_digest_stands_over_one() {
        assert_eq!(read("registry:5000/app").tag_or_default(), Some("latest"));
        let digest = format!("sha256:{}", "a".repeat(64));
        let image = read(&format!("{ECR}/app:pr-7@{digest}"));
        assert_eq!(image.tag.as_deref(), Some("pr-7"));
        assert_eq!(read(&format!("{ECR}/app@{digest}")).tag_or_default(), None);
        assert_eq!(image.at(&digest).to_string(), format!("{ECR}/app@{digest}"));
    }

    #[test]
    fn what_is_no_image_is_refused_with_the_part_that_is_wrong() {
        for (text, word) in [
            ("", "repository"),
            ("App", "repository"),
            ("a//b", "repository"),
            ("app:", "tag"),
            ("app:a b", "tag"),
            ("app@sha256:abc", "digest"),
            ("https://ghcr.io/app", "repository"),
        ] {
            let fault = text.parse::<ImageRef>().expect_err(text);
            assert!(fault.contains(word), "{text}: {fault}");
        }
    }
}
