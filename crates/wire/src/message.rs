//! A message is a table: field, type, versions, and sometimes a default.
//!
//! `message!` turns such a table into a struct that reads and writes itself in any version. A
//! field outside the version at hand keeps its default on reading and is left out on writing;
//! an optional field with `null [versions]` is outside of those never null on the wire; a
//! tagged field is written only when it differs from its default (librdkafka up to 2.1
//! misreads explicit defaults).

use crate::reader::{Reader, WireError};
use crate::writer::Writer;

/// Which form of a message is on the wire: its version, and whether that version is "flexible"
/// (compact lengths and tagged fields, KIP-482).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The API version.
    pub version: i16,
    /// Whether lengths are compact and structs end in tagged fields.
    pub flexible: bool,
}

/// A value with a place on the wire.
pub trait Wire: Sized {
    /// Reads the value in the given shape.
    fn read(from: &mut Reader, shape: Shape) -> Result<Self, WireError>;
    /// Writes the value in the given shape.
    fn write(&self, to: &mut Writer, shape: Shape);
}

/// Declares message structs from tables; see the files in `messages/`.
macro_rules! message {
    ($(
        $(#[$meta:meta])*
        struct $name:ident {
            $( $field:ident : $ty:ty [$($range:tt)+]
                $(null [$($null:tt)+])? $(= $default:expr)? ),* $(,)?
        } $( tags {
            $( $tag:literal => $tfield:ident : $tty:ty [$($trange:tt)+]
                $(= $tdefault:expr)? ),* $(,)?
        } )?
    )*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub struct $name {
            $( pub $field: $ty, )*
            $( $( pub $tfield: $tty, )* )?
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $( $field: $crate::message::default_or!($ty $(, $default)?), )*
                    $( $( $tfield: $crate::message::default_or!($tty $(, $tdefault)?), )* )?
                }
            }
        }

        impl $crate::message::Wire for $name {
            fn read(
                from: &mut $crate::reader::Reader,
                shape: $crate::message::Shape,
            ) -> Result<Self, $crate::reader::WireError> {
                #[allow(unused_mut)]
                let mut this = Self::default();
                $( if ($($range)+).contains(&shape.version) {
                    this.$field = $crate::message::read_field!(from, shape $(, $($null)+)?);
                } )*
                if shape.flexible {
                    from.tags(|tag, value| {
                        let _ = (tag, &value);
                        $( $( if tag == $tag && ($($trange)+).contains(&shape.version) {
                            this.$tfield = $crate::message::Wire::read(value, shape)?;
                        } )* )?
                        Ok(())
                    })?;
                }
                Ok(this)
            }

            fn write(&self, to: &mut $crate::writer::Writer, shape: $crate::message::Shape) {
                $( if ($($range)+).contains(&shape.version) {
                    $crate::message::write_field!(self.$field, to, shape $(, $($null)+)?);
                } )*
                if shape.flexible {
                    #[allow(unused_mut)]
                    let mut tags = $crate::writer::Tags::default();
                    $( $( if ($($trange)+).contains(&shape.version)
                        && self.$tfield != $crate::message::default_or!($tty $(, $tdefault)?)
                    {
                        tags.push($tag, &self.$tfield, shape);
                    } )* )?
                    tags.write(to);
                }
            }
        }

        #[cfg(feature = "sample")]
        impl $crate::sample::Sample for $name {
            fn sample(from: &mut $crate::sample::Sampler, shape: $crate::message::Shape) -> Self {
                #[allow(unused_mut)]
                let mut this = Self::default();
                $( if ($($range)+).contains(&shape.version) {
                    from.field(
                        &mut this.$field,
                        shape,
                        true $(&& ($($null)+).contains(&shape.version))?,
                    );
                } )*
                $( $( if shape.flexible && ($($trange)+).contains(&shape.version) {
                    from.field(
                        &mut this.$tfield,
                        shape,
                        true,
                    );
                } )* )?
                this
            }
        }
    )*};
}

/// The default of a field: the one in its table, else that of its type.
macro_rules! default_or {
    ($ty:ty) => {
        <$ty as Default>::default()
    };
    ($ty:ty, $default:expr) => {
        $default
    };
}

/// Reads a field; null is an error where its version allows none.
macro_rules! read_field {
    ($from:expr, $shape:expr) => {
        $crate::message::Wire::read($from, $shape)?
    };
    ($from:expr, $shape:expr, $($null:tt)+) => {
        match $crate::message::Wire::read($from, $shape)? {
            None if !($($null)+).contains(&$shape.version) => {
                return Err($crate::primitives::NULL_FIELD);
            }
            value => value,
        }
    };
}

/// Writes a field; where its version allows no null, an absent value is an empty one.
macro_rules! write_field {
    ($value:expr, $to:expr, $shape:expr) => {
        $crate::message::Wire::write(&$value, $to, $shape)
    };
    ($value:expr, $to:expr, $shape:expr, $($null:tt)+) => {
        if $value.is_none() && !($($null)+).contains(&$shape.version) {
            $crate::message::write_empty(&$value, $to, $shape)
        } else {
            $crate::message::Wire::write(&$value, $to, $shape)
        }
    };
}

/// Writes the empty value of an optional field's type.
pub(crate) fn write_empty<T: Default>(_: &Option<T>, to: &mut Writer, shape: Shape)
where
    Option<T>: Wire,
{
    Some(T::default()).write(to, shape);
}

pub(crate) use default_or;
pub(crate) use message;
pub(crate) use read_field;
pub(crate) use write_field;
