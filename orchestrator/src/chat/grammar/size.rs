//! Sizes: three words, or CPU units and MiB.

use std::ops::RangeInclusive;

use crate::chat::word::shown;

/// ECS's range, in CPU units; 1024 are one vCPU.
const CPU: RangeInclusive<u32> = 128..=192 * 1024;
/// In MiB.
const MEMORY: RangeInclusive<u32> = 128..=768 * 1024;

/// How large a preview shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Half a vCPU, 1 GiB.
    Small,
    /// One vCPU, 2 GiB.
    Medium,
    /// Two vCPUs, 4 GiB.
    Large,
    /// Said in numbers.
    Custom {
        /// CPU units.
        cpu: u32,
        /// MiB.
        memory: u32,
    },
}

impl Size {
    /// Reads `small`, `medium`, `large`, or `CPU:MEMORY`.
    ///
    /// # Errors
    /// What is right, fit to be shown.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "small" => Ok(Self::Small),
            "medium" => Ok(Self::Medium),
            "large" => Ok(Self::Large),
            _ => Self::custom(text).ok_or_else(|| {
                format!("\"{}\" is not a size; write small, medium, large, or 1024:2048 (CPU units:MiB)", shown(text))
            }),
        }
    }

    fn custom(text: &str) -> Option<Self> {
        let number = |text: &str, range: &RangeInclusive<u32>| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u32>().ok().filter(|number| digits && range.contains(number))
        };
        let (cpu, memory) = text.split_once(':')?;
        Some(Self::Custom { cpu: number(cpu, &CPU)?, memory: number(memory, &MEMORY)? })
    }

    /// CPU units and MiB.
    pub const fn units(self) -> (u32, u32) {
        match self {
            Self::Small => (512, 1024),
            Self::Medium => (1024, 2048),
            Self::Large => (2048, 4096),
            Self::Custom { cpu, memory } => (cpu, memory),
        }
    }
}
