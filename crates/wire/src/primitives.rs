//! How the protocol's primitive types read and write themselves.

use bytes::Bytes;
use uuid::Uuid;

use crate::message::{Shape, Wire};
use crate::reader::{Reader, WireError};
use crate::writer::Writer;

macro_rules! fixed_width {
    ($($ty:ty),*) => {$(
        impl Wire for $ty {
            fn read(from: &mut Reader, _: Shape) -> Result<Self, WireError> {
                Ok(<$ty>::from_be_bytes(from.array()?))
            }
            fn write(&self, to: &mut Writer, _: Shape) {
                to.put(&self.to_be_bytes());
            }
        }
    )*};
}

fixed_width!(i8, i16, u16, i32, u32, i64, f64);

impl Wire for bool {
    fn read(from: &mut Reader, _: Shape) -> Result<Self, WireError> {
        Ok(from.u8()? != 0)
    }
    fn write(&self, to: &mut Writer, _: Shape) {
        to.put(&[u8::from(*self)]);
    }
}

impl Wire for Uuid {
    fn read(from: &mut Reader, _: Shape) -> Result<Self, WireError> {
        Ok(Uuid::from_bytes(from.array()?))
    }
    fn write(&self, to: &mut Writer, _: Shape) {
        to.put(self.as_bytes());
    }
}

impl Wire for Option<String> {
    fn read(from: &mut Reader, shape: Shape) -> Result<Self, WireError> {
        let Some(length) = from.string_length(shape.flexible)? else { return Ok(None) };
        let bytes = from.take(length)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| WireError::NotUtf8)?;
        Ok(Some(text.to_owned()))
    }
    fn write(&self, to: &mut Writer, shape: Shape) {
        to.string_length(self.as_ref().map(String::len), shape.flexible);
        to.put(self.as_deref().unwrap_or_default().as_bytes());
    }
}

impl Wire for String {
    fn read(from: &mut Reader, shape: Shape) -> Result<Self, WireError> {
        <Option<String>>::read(from, shape)?.ok_or(NULL_STRING)
    }
    fn write(&self, to: &mut Writer, shape: Shape) {
        to.string_length(Some(self.len()), shape.flexible);
        to.put(self.as_bytes());
    }
}

impl Wire for Option<Bytes> {
    fn read(from: &mut Reader, shape: Shape) -> Result<Self, WireError> {
        from.long_length(shape.flexible)?.map(|length| from.take(length)).transpose()
    }
    fn write(&self, to: &mut Writer, shape: Shape) {
        to.long_length(self.as_ref().map(Bytes::len), shape.flexible);
        if let Some(bytes) = self {
            to.share(bytes);
        }
    }
}

impl Wire for Bytes {
    fn read(from: &mut Reader, shape: Shape) -> Result<Self, WireError> {
        <Option<Bytes>>::read(from, shape)?.ok_or(NULL_BYTES)
    }
    fn write(&self, to: &mut Writer, shape: Shape) {
        to.long_length(Some(self.len()), shape.flexible);
        to.share(self);
    }
}

impl<T: Wire> Wire for Option<Vec<T>> {
    fn read(from: &mut Reader, shape: Shape) -> Result<Self, WireError> {
        let Some(count) = from.long_length(shape.flexible)? else { return Ok(None) };
        let left = from.remaining();
        if count > left {
            return Err(WireError::Truncated { needed: count, left });
        }
        // An element takes a byte at the least, its struct more: room for what is sure to fit,
        // the rest grows as elements really arrive.
        let mut items = Vec::with_capacity(count.min(left / size_of::<T>().max(1) + 1));
        for _ in 0..count {
            items.push(T::read(from, shape)?);
        }
        Ok(Some(items))
    }
    fn write(&self, to: &mut Writer, shape: Shape) {
        to.long_length(self.as_ref().map(Vec::len), shape.flexible);
        for item in self.iter().flatten() {
            item.write(to, shape);
        }
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn read(from: &mut Reader, shape: Shape) -> Result<Self, WireError> {
        <Option<Vec<T>>>::read(from, shape)?.ok_or(NULL_ARRAY)
    }
    fn write(&self, to: &mut Writer, shape: Shape) {
        to.long_length(Some(self.len()), shape.flexible);
        for item in self {
            item.write(to, shape);
        }
    }
}

pub(crate) const NULL_FIELD: WireError =
    WireError::BadLength { what: "a field that may not be null in this version", length: -1 };
const NULL_STRING: WireError =
    WireError::BadLength { what: "a string that may not be null", length: -1 };
const NULL_BYTES: WireError =
    WireError::BadLength { what: "bytes that may not be null", length: -1 };
const NULL_ARRAY: WireError =
    WireError::BadLength { what: "an array that may not be null", length: -1 };
