//! Buffers of large frames, used again and again: fresh memory of that size costs a page fault
//! every 4 KiB, and an allocator that keeps it in pieces costs memory.
//!
//! `spare bytes <= SPARE_BYTES_MAX`. A frame's buffer comes back when the last slice of it is
//! dropped, unless its connection has ended.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};

use bytes::Bytes;

/// Smaller buffers are the allocator's business.
const REUSED_FROM: usize = 64 * 1024;
/// What a connection keeps for later: a fetch of the usual size, and what it is over.
const SPARE_BYTES_MAX: usize = 5 * 1024 * 1024;
/// What a frame's length alone makes us allocate on a connection that has not brought one of the
/// size before.
const ON_TRUST: usize = 1024 * 1024;
/// Buffers end at a multiple of this, so that the next frame of about the size fits too.
const ROUND_UP_TO: usize = 256 * 1024;
/// A spare buffer this many times too large is left for larger frames.
const WASTE_MAX: usize = 2;

type Shelf = Mutex<Vec<Vec<u8>>>;

/// The spare buffers of one connection.
#[derive(Default)]
pub(crate) struct Spares {
    shelf: Arc<Shelf>,
    largest: AtomicUsize,
}

struct Leased {
    bytes: Vec<u8>,
    home: Weak<Shelf>,
}

impl Spares {
    /// An empty buffer for a frame of `length` bytes, or for the beginning of one.
    pub fn take(&self, length: usize) -> Vec<u8> {
        let trusted = self.largest.load(Ordering::Relaxed).max(ON_TRUST);
        self.fitting(length).unwrap_or_else(|| Vec::with_capacity(rounded(length).min(trusted)))
    }

    /// Makes a full buffer larger, for a frame of `length` bytes that keeps coming.
    pub fn grow(&self, buffer: &mut Vec<u8>, length: usize) {
        buffer.reserve_exact(buffer.len().min(rounded(length) - buffer.len()));
    }

    /// The frame, whose buffer comes back in the end.
    pub fn lease(&self, bytes: Vec<u8>) -> Bytes {
        if bytes.capacity() < REUSED_FROM {
            return Bytes::from(bytes);
        }
        self.largest.fetch_max(bytes.capacity(), Ordering::Relaxed);
        Bytes::from_owner(Leased { bytes, home: Arc::downgrade(&self.shelf) })
    }

    fn fitting(&self, length: usize) -> Option<Vec<u8>> {
        let mut shelf = self.shelf.lock().expect("no holder of this lock can panic");
        let fits = |buffer: &Vec<u8>| {
            let capacity = buffer.capacity();
            capacity >= length && capacity / WASTE_MAX <= length
        };
        let best = (0..shelf.len()).filter(|at| fits(&shelf[*at]));
        let best = best.min_by_key(|at| shelf[*at].capacity())?;
        Some(shelf.swap_remove(best))
    }
}

fn rounded(length: usize) -> usize {
    if length < REUSED_FROM { length } else { length.next_multiple_of(ROUND_UP_TO) }
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
        let mut bytes = spares.take(length);
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
        let kept: usize = spares.shelf.lock().expect("no panic").iter().map(Vec::capacity).sum();
        assert!(kept <= SPARE_BYTES_MAX, "{kept} bytes");
        assert!(spares.take(LARGE / 8).capacity() < LARGE);
    }

    #[test]
    fn a_length_alone_is_not_believed() {
        let spares = Spares::default();
        assert_eq!(spares.take(100 * LARGE).capacity(), ON_TRUST);
        drop(frame(&spares, 3 * LARGE));
        assert!(spares.take(100 * LARGE).capacity() <= 3 * LARGE);
        let mut growing = spares.take(5 * LARGE);
        growing.resize(growing.capacity(), 1);
        spares.grow(&mut growing, 5 * LARGE);
        assert_eq!(growing.capacity(), 5 * LARGE);
    }

    #[test]
    fn frames_may_outlive_their_connection() {
        let spares = Spares::default();
        let frame = frame(&spares, LARGE);
        drop(spares);
        assert_eq!(frame.len(), LARGE);
    }
}
