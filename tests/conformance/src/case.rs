//! A guarantee, how it is tried, and how a trial comes out.

use crate::program::Program;
use crate::setting::Setting;
use crate::stage::Stage;

/// Why a trial did not show that the guarantee holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The program's kind does not promise it at all.
    NotPromised,
    /// It broke it: what was seen.
    Broken(String),
}

/// How a trial came out.
pub type Outcome = Result<(), Flaw>;

/// A guarantee.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The situation and the outcome.
    pub name: &'static str,
    /// Where it is tried.
    pub settings: &'static [Setting],
    /// The trial.
    pub run: fn(&Stage) -> Outcome,
}

impl Case {
    /// Tries it with one program wherever this machine allows.
    ///
    /// # Errors
    /// The first thing that broke it, with its setting; or, where it was promised nowhere, [`Flaw::NotPromised`].
    pub fn try_with(&self, program: &Program) -> Outcome {
        let mut outcome = Err(Flaw::NotPromised);
        let places = self.settings.iter().flat_map(|setting| setting.places());
        for setting in places.filter(|place| place.is_allowed()) {
            match (self.run)(&Stage { program, setting }) {
                Ok(()) => outcome = Ok(()),
                Err(Flaw::NotPromised) => {}
                Err(Flaw::Broken(what)) => return Err(Flaw::Broken(format!("{}: {what}", setting.text()))),
            }
        }
        outcome
    }
}

/// Breaks the guarantee unless a condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err($crate::case::Flaw::Broken(format!($($text)+)));
        }
    };
}

/// The cases of a file, and a test of each for ours.
#[macro_export]
macro_rules! cases {
    ($( $name:ident in $settings:expr; )+) => {
        /// The cases of this file.
        pub const CASES: &[$crate::case::Case] = &[
            $( $crate::case::Case { name: stringify!($name), settings: $settings, run: $name }, )+
        ];

        #[cfg(test)]
        mod tests {
            $(
                #[test]
                fn $name() {
                    $crate::cases::assert_of_ours(stringify!($name), super::CASES);
                }
            )+
        }
    };
}
