//! How fast time goes by in the account.

use std::time::Duration;

/// How long things take. The defaults are as short as they can be while each state can still be seen.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// A task's stay in each state that only passes, and a build's in each phase.
    pub step: Duration,
    /// How long DescribeTasks answers MISSING for a task that RunTask has just returned.
    pub describe_lag: Duration,
    /// How long ListTasks does not know a new task.
    pub list_lag: Duration,
    /// The interval of container health checks, in place of the definition's (5 to 300 s); `None` keeps that one.
    pub health_interval: Option<Duration>,
    /// How long after SIGTERM a container gets SIGKILL, in place of its `stopTimeout`; `None` keeps that one.
    pub stop_timeout: Option<Duration>,
    /// How long after RUNNING a network interface has no public address yet.
    pub association_lag: Duration,
    /// The interval of a target group's health checks, in place of its own (5 to 300 s); `None` keeps that one.
    pub probe_interval: Option<Duration>,
    /// How long such a check waits for an answer, in place of the group's own (2 to 120 s); `None` keeps that one.
    pub probe_timeout: Option<Duration>,
    /// How long a target drains, in place of its group's `deregistration_delay`; `None` keeps that one.
    pub drain: Option<Duration>,
    /// How long the load balancer goes on routing by the old rules after an edit. Real ones batch edits for some 10 s.
    pub rule_delay: Duration,
    /// How long the load balancer waits for a target, before it answers 504. Real ones wait 60 s.
    pub gateway_timeout: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            step: Duration::from_millis(15),
            describe_lag: Duration::from_millis(30),
            list_lag: Duration::from_millis(60),
            health_interval: Some(Duration::from_millis(200)),
            stop_timeout: None,
            association_lag: Duration::from_millis(60),
            probe_interval: Some(Duration::from_millis(50)),
            probe_timeout: None,
            drain: Some(Duration::from_millis(50)),
            rule_delay: Duration::from_millis(60),
            gateway_timeout: Duration::from_secs(10),
        }
    }
}
