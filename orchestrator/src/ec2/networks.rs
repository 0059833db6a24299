//! Subnets and security groups, which are looked at before a launch is tried.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Ec2, Items, denied, look};
use crate::aws::AwsError;
use crate::aws::query::Parameters;

/// A subnet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subnet {
    /// Its id.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// Its availability zone.
    pub zone: String,
    /// Addresses that are left.
    pub free: u32,
}

/// A security group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityGroup {
    /// Its id.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// What it lets in.
    pub inbound: Vec<Permission>,
}

/// Something that a security group lets in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permission {
    /// `tcp`, or `-1` for everything.
    pub protocol: String,
    /// First and last port, where the protocol has some.
    pub ports: Option<(u16, u16)>,
    /// Ranges of addresses, and lists of them.
    pub ranges: Vec<String>,
    /// Security groups.
    pub groups: Vec<String>,
}

impl SecurityGroup {
    /// Whether something in one of `groups` may reach the port. A range of addresses may or may not have it, so that each
    /// counts: a warning must not be a guess.
    pub fn may_let_in(&self, port: u16, groups: &[String]) -> bool {
        self.inbound.iter().any(|permission| {
            let protocol = matches!(permission.protocol.as_str(), "-1" | "tcp" | "6");
            let port = permission.ports.is_none_or(|(first, last)| (first..=last).contains(&port));
            let by_group = permission.groups.iter().any(|group| groups.contains(group));
            protocol && port && (by_group || !permission.ranges.is_empty())
        })
    }
}

impl Ec2 {
    /// Looks at subnets.
    ///
    /// # Errors
    /// One of them is not there, a refusal, or no answer.
    pub async fn subnets(&self, ids: &[String]) -> Result<Vec<Subnet>, AwsError> {
        const HINT: &str = "check --subnets: they must exist in this region and account";
        let answer: SubnetsXml = self.named("DescribeSubnets", "SubnetId", ids, HINT).await?;
        Ok(answer.subnet_set.item.into_iter().map(Subnet::from).collect())
    }

    /// Looks at security groups.
    ///
    /// # Errors
    /// One of them is not there, a refusal, or no answer.
    pub async fn security_groups(&self, ids: &[String]) -> Result<Vec<SecurityGroup>, AwsError> {
        const HINT: &str = "check --security-groups: they must exist in this region and account";
        let answer: GroupsXml = self.named("DescribeSecurityGroups", "GroupId", ids, HINT).await?;
        Ok(answer.security_group_info.item.into_iter().map(SecurityGroup::from).collect())
    }

    /// An empty list would ask for everything in the region.
    async fn named<T: DeserializeOwned + Default>(
        &self,
        name: &'static str,
        parameter: &str,
        ids: &[String],
        hint: &str,
    ) -> Result<T, AwsError> {
        if ids.is_empty() {
            return Ok(T::default());
        }
        let form = Parameters::default().with_list(parameter, ids);
        self.aws.query(look(name), &ids.join(", "), &form).await.map_err(|fault| {
            if fault.code.as_deref().is_some_and(|code| code.ends_with(".NotFound")) {
                return fault.with_fix(Some(hint.to_owned()));
            }
            denied(fault, &format!("ec2:{name}"))
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SubnetsXml {
    subnet_set: Items<SubnetXml>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SubnetXml {
    subnet_id: String,
    vpc_id: String,
    availability_zone: String,
    available_ip_address_count: u32,
}

impl From<SubnetXml> for Subnet {
    fn from(xml: SubnetXml) -> Self {
        let SubnetXml { subnet_id: id, vpc_id: vpc, availability_zone: zone, available_ip_address_count: free } = xml;
        Self { id, vpc, zone, free }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct GroupsXml {
    security_group_info: Items<GroupXml>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct GroupXml {
    group_id: String,
    vpc_id: String,
    ip_permissions: Items<PermissionXml>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PermissionXml {
    ip_protocol: String,
    from_port: Option<i32>,
    to_port: Option<i32>,
    groups: Items<PeerXml>,
    ip_ranges: Items<RangeXml>,
    ipv6_ranges: Items<RangeXml>,
    prefix_list_ids: Items<RangeXml>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PeerXml {
    group_id: String,
}

/// A range, under its name in each of the three lists.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RangeXml {
    #[serde(alias = "cidrIpv6", alias = "prefixListId")]
    cidr_ip: String,
}

impl From<GroupXml> for SecurityGroup {
    fn from(xml: GroupXml) -> Self {
        let inbound = xml.ip_permissions.item.into_iter().map(Permission::from).collect();
        Self { id: xml.group_id, vpc: xml.vpc_id, inbound }
    }
}

impl From<PermissionXml> for Permission {
    fn from(xml: PermissionXml) -> Self {
        let port = |port: Option<i32>| port.and_then(|port| u16::try_from(port).ok());
        let ranges = [xml.ip_ranges, xml.ipv6_ranges, xml.prefix_list_ids].into_iter().flat_map(|list| list.item);
        Self {
            protocol: xml.ip_protocol,
            ports: port(xml.from_port).zip(port(xml.to_port)),
            ranges: ranges.map(|range| range.cidr_ip).collect(),
            groups: xml.groups.item.into_iter().map(|peer| peer.group_id).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Permission, SecurityGroup};
    use crate::aws::Aws;
    use crate::ec2::{Addresses, Ec2};
    use crate::http::scripted::{Act, Server};

    fn said(status: u16, body: &str) -> Act {
        Act::Answer(status, Vec::new(), body.to_owned())
    }

    fn refused(code: &str) -> Act {
        let text =
            format!("<Response><Errors><Error><Code>{code}</Code><Message>no</Message></Error></Errors></Response>");
        said(400, &text)
    }

    #[tokio::test]
    async fn public_address_is_read_once_it_is_associated_and_a_missing_interface_has_none() {
        let interface = |association: &str| {
            let item = format!("<item><privateIpAddress>10.0.0.5</privateIpAddress>{association}</item>");
            said(200, &format!("<R><requestId>r</requestId><networkInterfaceSet>{item}</networkInterfaceSet></R>"))
        };
        let associated = interface("<association><publicIp>198.51.100.7</publicIp></association>");
        let script = [interface(""), associated, refused("InvalidNetworkInterfaceID.NotFound")];
        let server = Server::start(script).await;
        let ec2 = Ec2::new(&Aws::at(&server.url("")));
        let private_ip = Some("10.0.0.5".to_owned());
        for public_ip in [None, Some("198.51.100.7".to_owned())] {
            let wanted = Addresses { private_ip: private_ip.clone(), public_ip };
            assert_eq!(ec2.interface("eni-1").await.expect("an answer"), Some(wanted));
        }
        assert_eq!(ec2.interface("eni-1").await.expect("an answer"), None);
        assert!(server.seen()[0].body.ends_with("&NetworkInterfaceId.1=eni-1"));
    }

    #[tokio::test]
    async fn subnets_tell_their_free_addresses_and_security_groups_what_they_let_in() {
        let subnets = "<R><subnetSet><item><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><availabilityZone>\
                       eu-central-1a</availabilityZone><availableIpAddressCount>3</availableIpAddressCount></item></subnetSet></R>";
        let tcp = "<item><ipProtocol>tcp</ipProtocol><fromPort>8080</fromPort><toPort>8081</toPort><groups><item>\
                   <userId>1</userId><groupId>sg-alb</groupId></item></groups><ipRanges/></item>";
        let icmp = "<item><ipProtocol>icmp</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort><ipRanges><item>\
                    <cidrIp>0.0.0.0/0</cidrIp></item></ipRanges><ipv6Ranges><item><cidrIpv6>::/0</cidrIpv6></item></ipv6Ranges>\
                    <prefixListIds><item><prefixListId>pl-1</prefixListId></item></prefixListIds></item>";
        let groups = format!(
            "<R><securityGroupInfo><item><groupId>sg-1</groupId><vpcId>vpc-1</vpcId><ipPermissions>{tcp}{icmp}\
             </ipPermissions></item></securityGroupInfo></R>"
        );
        let server = Server::start([said(200, subnets), said(200, &groups)]).await;
        let ec2 = Ec2::new(&Aws::at(&server.url("")));
        let subnet = ec2.subnets(&["subnet-1".to_owned()]).await.expect("an answer").remove(0);
        assert_eq!((subnet.free, subnet.zone.as_str()), (3, "eu-central-1a"));
        let group = ec2.security_groups(&["sg-1".to_owned()]).await.expect("an answer").remove(0);
        let alb = ["sg-alb".to_owned()];
        assert!(group.may_let_in(8081, &alb));
        assert!(!group.may_let_in(8082, &alb) && !group.may_let_in(8081, &["sg-other".to_owned()]));
        assert_eq!(group.inbound[1].ranges, ["0.0.0.0/0", "::/0", "pl-1"]);
        assert!(ec2.subnets(&[]).await.expect("no call").is_empty());
        assert_eq!(server.seen().len(), 2);
    }

    #[tokio::test]
    async fn missing_subnet_and_missing_right_are_told_with_a_fix() {
        let server = Server::start([refused("InvalidSubnetID.NotFound"), refused("UnauthorizedOperation")]).await;
        let ec2 = Ec2::new(&Aws::at(&server.url("")));
        for word in ["check --subnets", "allow ec2:DescribeSubnets"] {
            let fault = ec2.subnets(&["subnet-1".to_owned()]).await.expect_err("a refusal");
            assert!(fault.fix.as_deref().is_some_and(|fix| fix.contains(word)), "{fault:?}");
        }
    }

    #[test]
    fn group_that_lets_everything_in_lets_in_each_port() {
        let ranges = vec!["0.0.0.0/0".to_owned()];
        let everything = Permission { protocol: "-1".to_owned(), ranges, ..Permission::default() };
        let group = SecurityGroup { inbound: vec![everything], ..SecurityGroup::default() };
        assert!(group.may_let_in(1, &[]) && group.may_let_in(65_535, &[]));
        assert!(!SecurityGroup::default().may_let_in(80, &[]));
    }
}
