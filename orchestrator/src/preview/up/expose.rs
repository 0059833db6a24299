//! Where a preview is reached: its address is found, or a route to it is made.

use std::time::Duration;

use tokio::time::Instant;

use super::super::hands::Road;
use super::super::launch::Rung;
use super::super::observed::Preview;
use super::fault::no_address;
use super::{FIRST_PAUSE, LONGEST_PAUSE, Up, preview_limit};
use crate::alb::HealthCheck;
use crate::ec2::{Addresses, Ec2};
use crate::ecs::Task;
use crate::error::Error;
use crate::expose::{Expose, Reach, reach, target_type};
use crate::route::{Band, Host, Route, RouteSpec};
use crate::stamp;

/// A public address hangs on a network interface a little after the task runs.
pub(super) const ADDRESS_LIMIT: Duration = Duration::from_secs(60);
/// How long a target that was taken out finishes what it has.
const DRAIN: Duration = Duration::from_secs(10);

impl Up<'_> {
    /// Finds the address, or makes it.
    pub(super) async fn expose(&self, preview: &Preview, rung: &Rung) -> Result<String, Error> {
        if let Some((road, host)) = self.road()? {
            return self.expose_by_route(preview, rung, road, host).await;
        }
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut task = preview.task.clone();
        loop {
            if let Some(address) = self.address(&task, preview.port).await? {
                return Ok(address);
            }
            if begun.elapsed() >= ADDRESS_LIMIT {
                return Err(no_address(preview, self.config.expose));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
            task = self.look_at(preview).await?;
        }
    }

    async fn address(&self, task: &Task, port: u16) -> Result<Option<String>, Error> {
        let ec2 = Ec2::new(&self.hands.aws);
        let public = self.config.expose == Expose::PublicIp;
        let of =
            |found: Option<Addresses>| found.and_then(|found| if public { found.public_ip } else { found.private_ip });
        let (ip, port) = match reach(task, port) {
            None => return Ok(None),
            Some(Reach::Interface(attached)) if !public => (Some(attached.private_ip), port),
            Some(Reach::Interface(attached)) => (of(ec2.interface(&attached.interface).await?), port),
            Some(Reach::Instance { container_instance, host_port }) => {
                let instance = self.hands.definitions.instance(&self.hands.ecs, &container_instance).await?;
                let Some(instance) = instance else { return Ok(None) };
                (of(ec2.instance(&instance).await?), host_port)
            }
        };
        Ok(ip.map(|ip| format!("http://{ip}:{port}")))
    }

    async fn expose_by_route(&self, preview: &Preview, rung: &Rung, road: &Road, host: Host) -> Result<String, Error> {
        let health = HealthCheck::of(self.shape.health_path());
        let spec = RouteSpec {
            owner: self.hands.owner(&preview.slot),
            listener: road.listener.clone(),
            host,
            target_type: target_type(rung.machine.mode, rung.machine.network.as_ref()),
            health: health.clone(),
            band: Band::default(),
            drain: DRAIN,
            tags: [(contract::tags::CREATED_AT.to_owned(), stamp::rfc3339(self.created))].into(),
        };
        let route = Route::ensure(&road.alb, &spec).await?;
        let begun = Instant::now();
        let target = loop {
            let now = Preview { task: self.look_at(preview).await?, ..preview.clone() };
            match self.hands.target(&now).await? {
                Some(target) => break target,
                None if begun.elapsed() >= ADDRESS_LIMIT => return Err(no_address(preview, self.config.expose)),
                None => tokio::time::sleep(FIRST_PAUSE).await,
            }
        };
        route.attach(&road.alb, &target).await?;
        self.while_alive(preview, async {
            Ok(route.until_healthy(&road.alb, &target, &health, preview_limit(&self.wish.lease)).await?)
        })
        .await?;
        Ok(route.url)
    }
}
