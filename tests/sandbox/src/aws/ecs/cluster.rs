//! Clusters and their EC2 instances.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::capacity::{Instance, Need};
use super::status::Status;
use super::task::Tasks;
use crate::aws::config::{AwsConfig, ClusterConfig};
use crate::aws::wire::Refusal;

pub(crate) struct Cluster {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) capacity_providers: Vec<String>,
    pub(crate) instances: Vec<Instance>,
}

/// Clusters by name.
pub(crate) struct Clusters(BTreeMap<String, Cluster>);

impl Clusters {
    pub(crate) fn new(config: &AwsConfig) -> Self {
        let made = config.clusters.iter().map(|cluster| (cluster.name.clone(), Cluster::new(config, cluster)));
        Self(made.collect())
    }

    /// The cluster that a request names, by name or ARN; `default` when it names none.
    pub(crate) fn find(&self, given: Option<&str>) -> Result<&Cluster, Refusal> {
        let missing = || Refusal::client("ClusterNotFoundException", "Cluster not found.");
        self.0.get(short(given)).filter(|cluster| given.is_none_or(|given| is_same(cluster, given))).ok_or_else(missing)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Cluster> {
        self.0.get_mut(name)
    }
}

fn short(given: Option<&str>) -> &str {
    given.map_or("default", |given| given.rsplit('/').next().unwrap_or(given))
}

fn is_same(cluster: &Cluster, given: &str) -> bool {
    given == cluster.name || given == cluster.arn
}

impl Cluster {
    fn new(config: &AwsConfig, cluster: &ClusterConfig) -> Self {
        let arn = |kind: &str, rest: &str| format!("arn:aws:ecs:{}:{}:{kind}/{rest}", config.region, config.account);
        let instances = cluster.instances.iter().map(|instance| {
            let registered = Need { cpu: instance.cpu, memory: instance.memory };
            let key = format!("{}/{}", cluster.name, Uuid::new_v4().simple());
            Instance { id: instance.id.clone(), arn: arn("container-instance", &key), registered, free: registered }
        });
        Self {
            name: cluster.name.clone(),
            arn: arn("cluster", &cluster.name),
            capacity_providers: cluster.capacity_providers.clone(),
            instances: instances.collect(),
        }
    }

    fn describe(&self, tasks: &Tasks) -> Value {
        let count = |wanted: fn(Status) -> bool| {
            tasks.in_order().filter(|task| task.cluster == self.name && wanted(task.status)).count()
        };
        json!({
            "clusterArn": self.arn,
            "clusterName": self.name,
            "status": "ACTIVE",
            "registeredContainerInstancesCount": self.instances.len(),
            "runningTasksCount": count(|status| status == Status::Running),
            "pendingTasksCount": count(|status| status < Status::Running),
            "activeServicesCount": 0,
            "statistics": [],
            "tags": [],
            "settings": [{ "name": "containerInsights", "value": "disabled" }],
            "capacityProviders": self.capacity_providers,
            "defaultCapacityProviderStrategy": [],
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateCluster {
    cluster_name: Option<String>,
    #[serde(default)]
    capacity_providers: Vec<String>,
}

/// Makes a cluster without instances; one that is there is answered as it is.
pub(crate) fn create(clusters: &mut Clusters, tasks: &Tasks, config: &AwsConfig, input: CreateCluster) -> Value {
    let name = input.cluster_name.unwrap_or_else(|| "default".to_owned());
    let fresh =
        ClusterConfig { name: name.clone(), capacity_providers: input.capacity_providers, instances: Vec::new() };
    let cluster = clusters.0.entry(name).or_insert_with(|| Cluster::new(config, &fresh));
    json!({ "cluster": cluster.describe(tasks) })
}

#[derive(Deserialize)]
pub(crate) struct DescribeClusters {
    clusters: Option<Vec<String>>,
}

pub(crate) fn describe(clusters: &Clusters, tasks: &Tasks, config: &AwsConfig, input: DescribeClusters) -> Value {
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for given in input.clusters.unwrap_or_else(|| vec!["default".to_owned()]) {
        match clusters.find(Some(&given)) {
            Ok(cluster) => found.push(cluster.describe(tasks)),
            Err(_) => {
                let arn = format!("arn:aws:ecs:{}:{}:cluster/{}", config.region, config.account, short(Some(&given)));
                failures.push(json!({ "arn": arn, "reason": "MISSING" }));
            }
        }
    }
    json!({ "clusters": found, "failures": failures })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeContainerInstances {
    cluster: Option<String>,
    container_instances: Vec<String>,
}

pub(crate) fn describe_instances(clusters: &Clusters, input: &DescribeContainerInstances) -> Result<Value, Refusal> {
    let cluster = clusters.find(input.cluster.as_deref())?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for given in &input.container_instances {
        let same = |instance: &&Instance| &instance.arn == given || instance.arn.rsplit('/').next() == Some(given);
        match cluster.instances.iter().find(same) {
            Some(instance) => found.push(describe_instance(instance)),
            None => failures.push(json!({ "arn": given, "reason": "MISSING" })),
        }
    }
    Ok(json!({ "containerInstances": found, "failures": failures }))
}

#[derive(Deserialize)]
pub(crate) struct ListContainerInstances {
    cluster: Option<String>,
}

pub(crate) fn list_instances(clusters: &Clusters, input: &ListContainerInstances) -> Result<Value, Refusal> {
    let instances = &clusters.find(input.cluster.as_deref())?.instances;
    Ok(json!({ "containerInstanceArns": instances.iter().map(|instance| &instance.arn).collect::<Vec<_>>() }))
}

fn describe_instance(instance: &Instance) -> Value {
    let resources = |need: Need| {
        json!([
            { "name": "CPU", "type": "INTEGER", "integerValue": need.cpu },
            { "name": "MEMORY", "type": "INTEGER", "integerValue": need.memory },
        ])
    };
    json!({
        "containerInstanceArn": instance.arn,
        "ec2InstanceId": instance.id,
        "status": "ACTIVE",
        "agentConnected": true,
        "registeredResources": resources(instance.registered),
        "remainingResources": resources(instance.free),
    })
}
