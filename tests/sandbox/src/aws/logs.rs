//! CloudWatch Logs: what the tasks' containers write, and how it is read.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::shared::Shared;
use super::wire::{Answer, Refusal, Request};

/// The most events that one answer carries (`botocore` data, logs `service-2.json`).
const PAGE: usize = 10_000;

/// One line of a container.
struct Event {
    /// Milliseconds since 1970.
    at: i64,
    message: String,
}

type Streams = BTreeMap<String, Vec<Event>>;

/// All log groups.
pub(crate) struct LogStore(BTreeMap<String, Streams>);

impl LogStore {
    pub(crate) fn new(groups: &[String]) -> Self {
        Self(groups.iter().map(|group| (group.clone(), Streams::new())).collect())
    }

    /// Makes a stream. Answers whether its group exists; `create` makes that as well.
    pub(crate) fn open(&mut self, group: &str, stream: &str, create: bool) -> bool {
        if create {
            self.0.entry(group.to_owned()).or_default();
        }
        let group = self.0.get_mut(group);
        group.map(|streams| streams.entry(stream.to_owned()).or_default()).is_some()
    }

    pub(crate) fn write(&mut self, group: &str, stream: &str, at: i64, message: String) {
        let stream = self.0.get_mut(group).and_then(|streams| streams.get_mut(stream));
        if let Some(stream) = stream {
            stream.push(Event { at, message });
        }
    }

    /// The lines of all streams whose name ends with the task's id, as the awslogs driver names them.
    pub(crate) fn lines_of_task(&self, task: &str) -> Vec<String> {
        let streams = self.0.values().flatten().filter(|(name, _)| name.rsplit('/').next() == Some(task));
        streams.flat_map(|(_, events)| events.iter().map(|event| event.message.clone())).collect()
    }

    fn group(&self, name: &str) -> Result<&Streams, Refusal> {
        let missing = || Refusal::client("ResourceNotFoundException", "The specified log group does not exist.");
        self.0.get(name).ok_or_else(missing)
    }
}

pub(crate) fn answer(shared: &Shared, request: &Request) -> Result<Answer, Refusal> {
    let mut state = shared.state();
    let logs = &mut state.logs;
    let answer = match request.operation.as_str() {
        "GetLogEvents" => get_events(logs, &request.input()?)?,
        "FilterLogEvents" => filter_events(logs, &request.input()?)?,
        "DescribeLogStreams" => describe_streams(shared, logs, &request.input()?)?,
        "CreateLogGroup" => create_group(logs, &request.input()?)?,
        _ => return Err(request.unknown()),
    };
    Ok(Answer::Json(answer))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetLogEvents {
    log_group_name: String,
    log_stream_name: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    next_token: Option<String>,
    limit: Option<usize>,
    #[serde(default)]
    start_from_head: bool,
}

/// Pages forward and backward. At either end the token comes back unchanged: that is how a reader knows that it is
/// there.
fn get_events(logs: &LogStore, input: &GetLogEvents) -> Result<Value, Refusal> {
    let missing = || Refusal::client("ResourceNotFoundException", "The specified log stream does not exist.");
    let events = logs.group(&input.log_group_name)?.get(&input.log_stream_name).ok_or_else(missing)?;
    let wanted: Vec<&Event> =
        events.iter().filter(|event| is_within(event.at, input.start_time, input.end_time)).collect();
    let (from, to) = input.window(wanted.len())?;
    let page: Vec<Value> = wanted[from..to].iter().map(|event| describe(event)).collect();
    let (forward, backward) = (format!("f/{to:056}/s"), format!("b/{from:056}/s"));
    Ok(json!({ "events": page, "nextForwardToken": forward, "nextBackwardToken": backward }))
}

impl GetLogEvents {
    /// The part of so many events that this call is for.
    fn window(&self, count: usize) -> Result<(usize, usize), Refusal> {
        let limit = limit(self.limit, PAGE)?;
        let Some(token) = &self.next_token else {
            let from = if self.start_from_head { 0 } else { count.saturating_sub(limit) };
            return Ok((from, count.min(from + limit)));
        };
        let refuse = || Refusal::client("InvalidParameterException", "The specified nextToken is invalid.");
        let (direction, rest) = token.split_once('/').ok_or_else(refuse)?;
        let at: usize = rest.trim_end_matches("/s").parse().map_err(|_| refuse())?;
        let at = at.min(count);
        match direction {
            "f" => Ok((at, count.min(at + limit))),
            "b" => Ok((at.saturating_sub(limit), at)),
            _ => Err(refuse()),
        }
    }
}

fn limit(asked: Option<usize>, most: usize) -> Result<usize, Refusal> {
    let limit = asked.unwrap_or(most);
    if limit == 0 || limit > most {
        return Err(Refusal::client("InvalidParameterException", format!("limit must be between 1 and {most}")));
    }
    Ok(limit)
}

fn is_within(at: i64, start: Option<i64>, end: Option<i64>) -> bool {
    start.is_none_or(|start| at >= start) && end.is_none_or(|end| at < end)
}

fn describe(event: &Event) -> Value {
    json!({ "timestamp": event.at, "ingestionTime": event.at, "message": event.message })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FilterLogEvents {
    log_group_name: String,
    #[serde(default)]
    log_stream_names: Vec<String>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

fn filter_events(logs: &LogStore, input: &FilterLogEvents) -> Result<Value, Refusal> {
    let limit = limit(input.limit, PAGE)?;
    let mut found: Vec<(&String, usize, &Event)> = Vec::new();
    for (name, events) in logs.group(&input.log_group_name)?.iter().filter(|(name, _)| input.is_asked(name)) {
        let wanted = events.iter().enumerate().filter(|(_, event)| input.matches(event));
        found.extend(wanted.map(|(place, event)| (name, place, event)));
    }
    found.sort_by_key(|(_, _, event)| event.at);
    let from = page_start(input.next_token.as_deref())?;
    let page: Vec<Value> = found.iter().skip(from).take(limit).map(describe_found).collect();
    let mut answer = json!({ "events": page, "searchedLogStreams": [] });
    if found.len() > from + limit {
        answer["nextToken"] = json!(format!("page-{}", from + limit));
    }
    Ok(answer)
}

fn page_start(token: Option<&str>) -> Result<usize, Refusal> {
    let refuse = || Refusal::client("InvalidParameterException", "The specified nextToken is invalid.");
    token.map_or(Ok(0), |token| token.strip_prefix("page-").and_then(|at| at.parse().ok()).ok_or_else(refuse))
}

fn describe_found((name, place, event): &(&String, usize, &Event)) -> Value {
    let mut described = describe(event);
    described["logStreamName"] = json!(name);
    described["eventId"] = json!(format!("{:020}{place:036}", event.at));
    described
}

impl FilterLogEvents {
    fn is_asked(&self, stream: &str) -> bool {
        let named = self.log_stream_names.is_empty() || self.log_stream_names.iter().any(|name| name == stream);
        named && self.log_stream_name_prefix.as_ref().is_none_or(|prefix| stream.starts_with(prefix))
    }

    /// Of the filter language, terms are understood: each one, quoted or not, must occur.
    fn matches(&self, event: &Event) -> bool {
        let pattern = self.filter_pattern.as_deref().unwrap_or_default().trim();
        let quoted = pattern.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let holds = quoted.map_or_else(
            || pattern.split_whitespace().all(|term| event.message.contains(term)),
            |phrase| event.message.contains(&phrase.replace("\\\"", "\"")),
        );
        holds && is_within(event.at, self.start_time, self.end_time)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeLogStreams {
    log_group_name: String,
    log_stream_name_prefix: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

fn describe_streams(shared: &Shared, logs: &LogStore, input: &DescribeLogStreams) -> Result<Value, Refusal> {
    let limit = limit(input.limit, 50)?;
    let group = &input.log_group_name;
    let prefix = input.log_stream_name_prefix.as_deref().unwrap_or_default();
    let streams: Vec<_> = logs.group(group)?.iter().filter(|(name, _)| name.starts_with(prefix)).collect();
    let from = page_start(input.next_token.as_deref())?;
    let arn = |name: &str| {
        let (region, account) = (&shared.config.region, &shared.config.account);
        format!("arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{name}")
    };
    let page = streams.iter().skip(from).take(limit).map(|(name, events)| {
        let (first, last) = (events.first().map(|event| event.at), events.last().map(|event| event.at));
        json!({
            "logStreamName": name,
            "arn": arn(name),
            "creationTime": first.unwrap_or_default(),
            "firstEventTimestamp": first,
            "lastEventTimestamp": last,
            "lastIngestionTime": last,
        })
    });
    let mut answer = json!({ "logStreams": page.collect::<Vec<Value>>() });
    if streams.len() > from + limit {
        answer["nextToken"] = json!(format!("page-{}", from + limit));
    }
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateLogGroup {
    log_group_name: String,
}

fn create_group(logs: &mut LogStore, input: &CreateLogGroup) -> Result<Value, Refusal> {
    if logs.0.contains_key(&input.log_group_name) {
        return Err(Refusal::client("ResourceAlreadyExistsException", "The specified log group already exists"));
    }
    logs.0.insert(input.log_group_name.clone(), Streams::new());
    Ok(json!({}))
}
