//! Places in a partition's log, one type for each side.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

macro_rules! offset {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl Add<i64> for $name {
            type Output = Self;

            fn add(self, records: i64) -> Self {
                Self(self.0 + records)
            }
        }

        impl AddAssign<i64> for $name {
            fn add_assign(&mut self, records: i64) {
                self.0 += records;
            }
        }

        impl Sub for $name {
            type Output = i64;

            fn sub(self, earlier: Self) -> i64 {
                self.0 - earlier.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

offset! {
    /// An offset in a source partition.
    SourceOffset
}

offset! {
    /// An offset in a target partition.
    ///
    /// ```compile_fail
    /// use strait::model::{SourceOffset, TargetOffset};
    /// let _ = SourceOffset(5) - TargetOffset(3);
    /// ```
    TargetOffset
}
