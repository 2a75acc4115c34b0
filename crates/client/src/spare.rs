//! Buffers of large frames, used again and again: fresh memory of that size costs a page fault
//! every 4 KiB, and an allocator that keeps it in pieces costs memory.
//!
//! `spare bytes <= SPARE_BYTES_MAX`. A frame's buffer comes back when the last slice of it is
//! dropped, unless its connection has ended.

use std::sync::{Arc, Mutex, Weak};

use bytes::Bytes;

/// Smaller buffers are the allocator's business.
const REUSED_FROM: usize = 64 * 1024;
/// What a connection keeps for later: two fetches of the usual size.
const SPARE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// A spare buffer this many times too large is left for larger frames.
const WASTE_MAX: usize = 2;

type Shelf = Mutex<Vec<Vec<u8>>>;

/// The spare buffers of one connection.
#[derive(Default)]
pub(crate) struct Spares(Arc<Shelf>);

struct Leased {
    bytes: Vec<u8>,
    home: Weak<Shelf>,
}

impl Spares {
    /// An empty buffer: a spare one that holds `length` bytes, or a new one of `first` bytes.
    pub fn take(&self, length: usize, first: usize) -> Vec<u8> {
        self.fitting(length).unwrap_or_else(|| Vec::with_capacity(first))
    }

    /// The frame, whose buffer comes back in the end.
    pub fn lease(&self, bytes: Vec<u8>) -> Bytes {
        if bytes.capacity() < REUSED_FROM {
            return Bytes::from(bytes);
        }
        Bytes::from_owner(Leased { bytes, home: Arc::downgrade(&self.0) })
    }

    fn fitting(&self, length: usize) -> Option<Vec<u8>> {
        let mut shelf = self.0.lock().expect("no holder of this lock can panic");
        let fits = |buffer: &Vec<u8>| {
            let capacity = buffer.capacity();
            capacity >= length && capacity / WASTE_MAX <= length
        };
        let best = (0..shelf.len()).filter(|at| fits(&shelf[*at]));
        let best = best.min_by_key(|at| shelf[*at].capacity())?;
        Some(shelf.swap_remove(best))
    }
}

impl AsRef<[u8]> for Leased {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        let Some(home) = self.home.upgrade() else { return };
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        let mut shelf = home.lock().expect("no holder of this lock can panic");
        let kept: usize = shelf.iter().map(Vec::capacity).sum();
        if kept + bytes.capacity() <= SPARE_BYTES_MAX {
            shelf.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: usize = 1024 * 1024;

    fn frame(spares: &Spares, length: usize) -> Bytes {
        let mut bytes = spares.take(length, length);
        bytes.resize(length, 1);
        spares.lease(bytes)
    }

    #[test]
    fn a_buffer_comes_back_with_the_last_slice() {
        let spares = Spares::default();
        let first = frame(&spares, LARGE);
        let (slice, address) = (first.slice(100..), first.as_ptr());
        drop(first);
        assert_ne!(frame(&spares, LARGE).as_ptr(), address, "a slice still looks at it");
        drop(slice);
        let addresses = [frame(&spares, LARGE), frame(&spares, LARGE)].map(|f| f.as_ptr());
        assert!(addresses.contains(&address));
    }

    #[test]
    fn what_is_kept_is_bounded_and_never_far_too_large() {
        let spares = Spares::default();
        let frames: Vec<Bytes> = (0..20).map(|_| frame(&spares, LARGE)).collect();
        drop(frames);
        let kept: usize = spares.0.lock().expect("no panic").iter().map(Vec::capacity).sum();
        assert!(kept <= SPARE_BYTES_MAX, "{kept} bytes");
        assert!(spares.take(LARGE / 8, 10).capacity() < LARGE);
    }

    #[test]
    fn frames_may_outlive_their_connection() {
        let spares = Spares::default();
        let frame = frame(&spares, LARGE);
        drop(spares);
        assert_eq!(frame.len(), LARGE);
    }
}
