//! EC2, as far as addresses of tasks are concerned, and the networks that they are to live in.

pub mod networks;

use serde::Deserialize;

use crate::aws::query::{Parameters, QueryOperation, QueryService};
use crate::aws::{Aws, AwsError};

/// EC2.
#[derive(Clone, Debug)]
pub struct Ec2 {
    aws: Aws,
}

/// Addresses of a network interface or an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// In its VPC.
    pub private_ip: Option<String>,
    /// On the internet, where it has one.
    pub public_ip: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InterfacesXml {
    network_interface_set: Items<InterfaceXml>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InterfaceXml {
    private_ip_address: Option<String>,
    association: Option<AssociationXml>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AssociationXml {
    public_ip: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InstancesXml {
    reservation_set: Items<ReservationXml>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ReservationXml {
    instances_set: Items<InstanceXml>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InstanceXml {
    private_ip_address: Option<String>,
    ip_address: Option<String>,
}

/// A list: `<set><item>…</item></set>`.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct Items<T> {
    #[serde(default = "Vec::new")]
    item: Vec<T>,
}

impl<T> Default for Items<T> {
    fn default() -> Self {
        Self { item: Vec::new() }
    }
}

const fn look(name: &'static str) -> QueryOperation {
    QueryOperation { service: QueryService::EC2, name, repeatable: true }
}

impl Ec2 {
    /// A client.
    pub fn new(aws: &Aws) -> Self {
        Self { aws: aws.clone() }
    }

    /// Addresses of a network interface; none where EC2 does not show it (any more).
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn interface(&self, id: &str) -> Result<Option<Addresses>, AwsError> {
        let form = Parameters::default().with("NetworkInterfaceId.1", id);
        let object = format!("network interface {id}");
        let answer: InterfacesXml = match self.aws.query(look("DescribeNetworkInterfaces"), &object, &form).await {
            Err(fault) if fault.code.as_deref() == Some("InvalidNetworkInterfaceID.NotFound") => return Ok(None),
            answer => answer.map_err(|fault| denied(fault, "ec2:DescribeNetworkInterfaces"))?,
        };
        let found = answer.network_interface_set.item.into_iter().next();
        Ok(found.map(|seen| Addresses {
            private_ip: seen.private_ip_address,
            public_ip: seen.association.and_then(|association| association.public_ip),
        }))
    }

    /// Addresses of an instance; none where EC2 does not show it (any more).
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn instance(&self, id: &str) -> Result<Option<Addresses>, AwsError> {
        let form = Parameters::default().with("InstanceId.1", id);
        let object = format!("instance {id}");
        let answer: InstancesXml = match self.aws.query(look("DescribeInstances"), &object, &form).await {
            Err(fault) if fault.code.as_deref() == Some("InvalidInstanceID.NotFound") => return Ok(None),
            answer => answer.map_err(|fault| denied(fault, "ec2:DescribeInstances"))?,
        };
        let found =
            answer.reservation_set.item.into_iter().flat_map(|reservation| reservation.instances_set.item).next();
        Ok(found.map(|seen| Addresses { private_ip: seen.private_ip_address, public_ip: seen.ip_address }))
    }
}

fn denied(fault: AwsError, action: &str) -> AwsError {
    let denied = matches!(fault.code.as_deref(), Some("UnauthorizedOperation" | "AccessDenied"));
    fault
        .with_fix(denied.then(|| format!("allow {action} to the role that mayfly runs as; it takes no resource but *")))
}

#[cfg(test)]
mod tests {
    use super::{InstancesXml, InterfacesXml};

    #[test]
    fn addresses_are_read_where_there_are_any() {
        let with = "<R><networkInterfaceSet><item><privateIpAddress>10.0.0.7</privateIpAddress><association>\
                    <publicIp>3.3.3.3</publicIp></association></item></networkInterfaceSet></R>";
        let read: InterfacesXml = quick_xml::de::from_str(with).expect("XML");
        let item = &read.network_interface_set.item[0];
        assert_eq!(item.private_ip_address.as_deref(), Some("10.0.0.7"));
        assert_eq!(item.association.as_ref().and_then(|found| found.public_ip.as_deref()), Some("3.3.3.3"));
        let empty: InterfacesXml = quick_xml::de::from_str("<R><networkInterfaceSet/></R>").expect("XML");
        assert!(empty.network_interface_set.item.is_empty());
        let instance = "<R><reservationSet><item><instancesSet><item><privateIpAddress>10.0.0.8</privateIpAddress>\
                        </item></instancesSet></item></reservationSet></R>";
        let read: InstancesXml = quick_xml::de::from_str(instance).expect("XML");
        assert_eq!(read.reservation_set.item[0].instances_set.item[0].private_ip_address.as_deref(), Some("10.0.0.8"));
    }
}
