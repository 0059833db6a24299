//! What the parts of a route are called, and which priorities its rule tries.

use std::fmt;
use std::ops::RangeInclusive;

use sha2::{Digest, Sha256};

use super::RouteOwner;
use crate::alb::{ListenerArn, TargetType};
use crate::preview::slot::PullNumber;

/// What names of our target groups begin with.
pub const GROUP_PREFIX: &str = "mf-";
/// Hexadecimal digits after it: ELB takes 32 characters.
const GROUP_DIGITS: usize = 28;
/// Characters of a label, DNS's limit.
const LABEL_LIMIT: usize = 63;
/// Characters of a host condition's value, ELB's limit.
const HOST_LIMIT: usize = 128;

/// The name of a slot's target group: always the same, so that making it is safe to repeat.
pub fn target_group(owner: &RouteOwner, listener: &ListenerArn, target_type: TargetType) -> String {
    let digest = digest(&[&seed(owner, listener), target_type.as_str()]);
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{GROUP_PREFIX}{}", &digits[..GROUP_DIGITS])
}

fn seed(owner: &RouteOwner, listener: &ListenerArn) -> String {
    let repository = owner.slot.repo.to_ascii_lowercase();
    format!("{}\n{listener}\n{repository}\n{}", owner.place, owner.slot.pr)
}

fn digest(parts: &[&str]) -> [u8; 32] {
    Sha256::digest(parts.join("\n")).into()
}

/// Host of a route: `pr-N.<base domain>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Host(String);

impl Host {
    /// The host of a pull request.
    ///
    /// # Errors
    /// A base domain that is none, or too long, with the reason.
    pub fn of(pr: PullNumber, base_domain: &str) -> Result<Self, String> {
        let base = base_domain.trim().trim_end_matches('.').trim_start_matches("*.").to_ascii_lowercase();
        let refuse = |why: &str| Err(format!("\"{base_domain}\" cannot be a base domain: {why}"));
        if !base.contains('.') {
            return refuse("it has one label only; write for example previews.example.com");
        }
        if !base.split('.').all(is_label) {
            return refuse("a label has 1 to 63 letters, digits and hyphens, and no hyphen at its ends");
        }
        let host = format!("pr-{pr}.{base}");
        if host.len() > HOST_LIMIT {
            return refuse("with pr-N before it, it has more than the 128 characters that a load balancer takes");
        }
        Ok(Self(host))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_label(label: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (1..=LABEL_LIMIT).contains(&label.len())
        && label.chars().all(inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Priorities that are left to previews: rules made by hand keep theirs below and above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band(RangeInclusive<u32>);

impl Default for Band {
    fn default() -> Self {
        Self(20_000..=49_999)
    }
}

impl Band {
    /// A band.
    ///
    /// # Errors
    /// It is empty, or leaves what ELB takes.
    pub fn new(first: u32, last: u32) -> Result<Self, String> {
        if first < 1 || last > 50_000 || first > last {
            return Err(format!("{first}-{last} cannot be priorities of rules; they go from 1 to 50000"));
        }
        Ok(Self(first..=last))
    }

    /// All its priorities, in the order in which a slot tries them: from its hash upwards, and around.
    pub fn sequence(&self, owner: &RouteOwner, listener: &ListenerArn) -> impl Iterator<Item = u32> + use<> {
        let digest = digest(&["priority", &seed(owner, listener)]);
        let hash = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        let (first, last) = (*self.0.start(), *self.0.end());
        let start = first + hash % (last - first + 1);
        (start..=last).chain(first..start)
    }
}

impl fmt::Display for Band {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0.start(), self.0.end())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Band, Host, target_group};
    use crate::alb::TargetType;
    use crate::preview::slot::PullNumber;
    use crate::route::judge::fixture::{listener, owner};

    fn host(base: &str) -> Result<String, String> {
        Host::of(PullNumber::new(12).expect("a number"), base).map(|host| host.to_string())
    }

    #[test]
    fn target_groups_name_fits_and_tells_slots_places_and_target_types_apart() {
        let mut names = BTreeSet::new();
        for repo in ["octo/demo", "octo/other"] {
            for pr in [1, u64::MAX] {
                for target_type in TargetType::ALL {
                    let name = target_group(&owner(repo, pr), &listener(), target_type);
                    assert!(name.len() <= 32 && name.starts_with("mf-"), "{name}");
                    assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{name}");
                    names.insert(name);
                }
            }
        }
        assert_eq!(names.len(), 8);
        let same = target_group(&owner("Octo/Demo", 1), &listener(), TargetType::Ip);
        assert!(names.contains(&same), "GitHub's names do not differ by case");
    }

    #[test]
    fn host_is_one_label_before_the_base_domain_however_that_is_written() {
        for base in ["previews.example.com", "*.previews.example.com", "Previews.Example.com."] {
            assert_eq!(host(base).as_deref(), Ok("pr-12.previews.example.com"), "{base}");
        }
    }

    #[test]
    fn base_domains_that_cannot_work_are_refused() {
        let long_label = format!("{}.com", "a".repeat(64));
        let long = format!("{}.com", ["a".repeat(60), "b".repeat(60)].join("."));
        for base in ["", "localhost", "a..com", "-a.com", "a_b.com", "https://a.com", &long_label, &long] {
            assert!(host(base).is_err(), "{base}");
        }
        let fits = format!("{}.{}.com", "a".repeat(59), "b".repeat(58));
        assert_eq!(host(&fits).map(|host| host.len()), Ok(128));
    }

    #[test]
    fn sequence_has_each_priority_of_the_band_once_and_begins_at_the_slots_own() {
        let band = Band::new(100, 119).expect("a band");
        let sequence: Vec<u32> = band.sequence(&owner("octo/demo", 1), &listener()).collect();
        assert_eq!(sequence.iter().copied().collect::<BTreeSet<_>>(), (100..=119).collect());
        assert_eq!(sequence.len(), 20);
        let starts: BTreeSet<_> =
            (1..20).filter_map(|pr| band.sequence(&owner("octo/demo", pr), &listener()).next()).collect();
        assert!(starts.len() > 5, "{starts:?}");
    }

    #[test]
    fn band_outside_of_what_a_listener_takes_is_refused() {
        for (first, last) in [(0, 10), (10, 9), (1, 50_001)] {
            assert!(Band::new(first, last).is_err(), "{first}-{last}");
        }
        assert_eq!(Band::default().to_string(), "20000-49999");
    }
}
