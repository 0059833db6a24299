//! Where the application listens, and where its neighbours in the task do.
//!
//! All containers share this machine's network, so the sandbox tells each where its place is: `SANDBOX_TASK_ADDRESS`, and
//! `SANDBOX_PORT_8080` where another port stands for 8080.

use std::net::SocketAddr;

const DEFAULT_PORT: u16 = 8_080;

/// Its own place: `PORT`, or 8080.
pub(super) fn own() -> SocketAddr {
    let variable = |name: &str| std::env::var(name).ok();
    let port = variable("PORT").and_then(|port| port.parse().ok()).unwrap_or(DEFAULT_PORT);
    of_port(port, variable)
}

/// The place of a port of the same task.
pub(super) fn of_port(port: u16, variable: impl Fn(&str) -> Option<String>) -> SocketAddr {
    let ip = variable("SANDBOX_TASK_ADDRESS").and_then(|address| address.parse().ok());
    let mapped = variable(&format!("SANDBOX_PORT_{port}")).and_then(|port| port.parse().ok());
    SocketAddr::new(ip.unwrap_or(std::net::Ipv4Addr::LOCALHOST.into()), mapped.unwrap_or(port))
}

#[cfg(test)]
mod tests {
    use super::of_port;

    #[test]
    fn place_is_the_tasks_address_and_the_mapped_port() {
        let told = |name: &str| match name {
            "SANDBOX_TASK_ADDRESS" => Some("127.20.3.4".to_owned()),
            "SANDBOX_PORT_8080" => Some("49153".to_owned()),
            _ => None,
        };
        assert_eq!(of_port(8_080, told).to_string(), "127.20.3.4:49153");
        assert_eq!(of_port(80, |_| None).to_string(), "127.0.0.1:80");
    }
}
