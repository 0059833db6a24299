//! CPU and memory as Fargate sells them.

/// The sizes of Fargate on Linux: CPU units, least memory, most memory, step (MiB). ECS developer guide, "Task CPU and
/// memory".
const SIZES: [(u32, u32, u32, u32); 6] = [
    (512, 1_024, 4_096, 1_024),
    (1_024, 2_048, 8_192, 1_024),
    (2_048, 4_096, 16_384, 1_024),
    (4_096, 8_192, 30_720, 1_024),
    (8_192, 16_384, 61_440, 4_096),
    (16_384, 32_768, 122_880, 8_192),
];

/// Whether Fargate has this size.
pub(crate) fn exists(cpu: u32, memory: u32) -> bool {
    if cpu == 256 {
        return [512, 1_024, 2_048].contains(&memory);
    }
    let size = SIZES.iter().find(|(units, ..)| *units == cpu);
    size.is_some_and(|&(_, least, most, step)| {
        (least..=most).contains(&memory) && (memory - least).is_multiple_of(step)
    })
}

/// Reads `1024` or `1 vCPU` as CPU units.
pub(crate) fn read_cpu(text: &str) -> Option<u32> {
    read(text, "vcpu")
}

/// Reads `2048` or `2 GB` as MiB.
pub(crate) fn read_memory(text: &str) -> Option<u32> {
    read(text, "gb")
}

/// Both units are 1,024 of the small ones.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked before")]
fn read(text: &str, unit: &str) -> Option<u32> {
    let text = text.trim().to_lowercase();
    let Some(number) = text.strip_suffix(unit) else { return text.parse().ok() };
    let number: f64 = number.trim().parse().ok()?;
    (0.0..=1_000.0).contains(&number).then_some((number * 1_024.0) as u32)
}

#[cfg(test)]
mod tests {
    use super::{exists, read_cpu, read_memory};

    #[test]
    fn only_pairs_that_fargate_sells_exist() {
        for pair in [(256, 512), (256, 2_048), (512, 1_024), (4_096, 30_720), (8_192, 20_480), (16_384, 122_880)] {
            assert!(exists(pair.0, pair.1), "{pair:?}");
        }
        for pair in [(256, 1_536), (512, 512), (512, 1_500), (1_024, 10_240), (8_192, 17_408), (300, 512), (0, 0)] {
            assert!(!exists(pair.0, pair.1), "{pair:?}");
        }
    }

    #[test]
    fn sizes_are_read_in_both_spellings() {
        assert_eq!((read_cpu("512"), read_cpu(".5 vCPU"), read_cpu("much")), (Some(512), Some(512), None));
        assert_eq!((read_memory("2048"), read_memory("2GB"), read_memory("-1 GB")), (Some(2_048), Some(2_048), None));
    }
}
