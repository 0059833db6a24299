//! Limits of a service: memory in bytes, processors in parts of one.

use super::super::container::Container;
use super::super::fault::{Reader, Section};
use super::super::yaml::Node;

/// Reads `mem_limit`, `mem_reservation`, `cpus`, `cpu_shares`, and what version 3 has in their place.
pub(super) fn limits(container: &mut Container, service: &mut Section<'_>, reader: &mut Reader<'_>) {
    if let Some((what, node)) = service.take("deploy") {
        deploy(container, &what, node, reader);
    }
    container.memory = read(service, "mem_limit", reader, memory).or(container.memory);
    container.memory_reservation = read(service, "mem_reservation", reader, memory).or(container.memory_reservation);
    let shares = read(service, "cpu_shares", reader, |what, node, reader| reader.parsed(what, node, "a whole number"));
    let cpus = read(service, "cpus", reader, cpus);
    container.cpu = shares.or(cpus).or(container.cpu);
}

fn deploy(container: &mut Container, what: &str, node: &Node, reader: &mut Reader<'_>) {
    let mut deploy = reader.map(what, node);
    if let Some((what, node)) = deploy.take("resources") {
        let mut resources = reader.map(&what, node);
        if let Some((what, node)) = resources.take("limits") {
            let mut limits = reader.map(&what, node);
            container.memory = read(&mut limits, "memory", reader, memory);
            container.cpu = read(&mut limits, "cpus", reader, cpus);
            limits.refuse_rest(reader, |_| None);
        }
        if let Some((what, node)) = resources.take("reservations") {
            let mut reservations = reader.map(&what, node);
            container.memory_reservation = read(&mut reservations, "memory", reader, memory);
            container.cpu = read(&mut reservations, "cpus", reader, cpus).or(container.cpu);
            reservations.refuse_rest(reader, |_| None);
        }
        resources.refuse_rest(reader, |_| None);
    }
    deploy.refuse_rest(reader, |_| Some("a preview is one task; deploy.resources is read"));
}

fn read<T>(
    section: &mut Section<'_>,
    key: &str,
    reader: &mut Reader<'_>,
    form: fn(&str, &Node, &mut Reader<'_>) -> Option<T>,
) -> Option<T> {
    section.take(key).and_then(|(what, node)| form(&what, node, reader))
}

/// MiB of `250000000`, `512m`, `1gb`. A part of one is not counted, as ecs-cli did it.
pub(crate) fn memory(what: &str, node: &Node, reader: &mut Reader<'_>) -> Option<u32> {
    let text = reader.text(what, node)?;
    let fault = || format!("\"{text}\" is no amount of memory; write bytes, or for example 512m or 1g");
    reader.take(what, node.line, mib(&text).ok_or_else(fault))
}

fn mib(text: &str) -> Option<u32> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: f64 = match unit.trim() {
        "" | "b" => 1.0,
        "k" | "kb" | "kib" => 1_024.0,
        "m" | "mb" | "mib" => 1_048_576.0,
        "g" | "gb" | "gib" => 1_073_741_824.0,
        _ => return None,
    };
    whole(number.parse::<f64>().ok()? * factor / 1_048_576.0)
}

fn cpus(what: &str, node: &Node, reader: &mut Reader<'_>) -> Option<u32> {
    let text = reader.text(what, node)?;
    let units = text.parse::<f64>().ok().and_then(|cpus| whole(cpus * 1_024.0));
    reader.take(
        what,
        node.line,
        units.ok_or_else(|| format!("\"{text}\" is no number of processors; write for example 0.5")),
    )
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked before")]
fn whole(number: f64) -> Option<u32> {
    (1.0..=1_000_000.0).contains(&number).then_some(number as u32)
}

#[cfg(test)]
mod tests {
    use super::mib;

    #[test]
    fn memory_is_read_as_compose_writes_it() {
        let cases = [
            ("250000000", Some(238)),
            ("512m", Some(512)),
            ("1GB", Some(1_024)),
            ("0.5g", Some(512)),
            ("1048576b", Some(1)),
            ("2048k", Some(2)),
            ("100", None),
            ("-1", None),
            ("1t", None),
            ("1.2.3m", None),
            ("99999999999999999g", None),
        ];
        for (text, expected) in cases {
            assert_eq!(mib(text), expected, "{text}");
        }
    }
}
