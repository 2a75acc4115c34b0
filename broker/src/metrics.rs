//! What a broker counts. One field per metric; a snapshot is what the outside sees.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

macro_rules! counters {
    ($( $(#[$meta:meta])* $name:ident ),* $(,)?) => {
        /// The live counters.
        #[derive(Debug, Default)]
        pub struct Metrics {
            $( $(#[$meta])* pub(crate) $name: Counter, )*
        }

        /// The counters at one moment.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Snapshot {
            $( $(#[$meta])* pub $name: u64, )*
        }

        impl Metrics {
            /// All counters now.
            pub fn snapshot(&self) -> Snapshot {
                Snapshot { $( $name: self.$name.get(), )* }
            }
        }
    };
}

counters! {
    /// Bytes read from connections.
    bytes_in,
    /// Bytes written to connections.
    bytes_out,
    /// Requests of any kind.
    requests,
    /// Produce requests.
    produce_requests,
    /// Fetch requests.
    fetch_requests,
    /// Mirror appends.
    mirror_append_requests,
    /// Records appended by Produce.
    records_produced,
    /// Records appended by MirrorAppend, by their headers.
    records_mirrored,
    /// Records walked one by one, to validate them.
    records_decoded,
    /// Connections open now.
    connections,
    /// Connections accepted since the start.
    connections_accepted,
    /// Connections refused because a limit was reached.
    connections_refused,
    /// Connections closed for what they sent.
    connections_faulty,
    /// Handlers that panicked.
    handler_panics,
    /// Group commits.
    flushes,
    /// `fdatasync` tickets run.
    syncs,
}

/// One number, counted without locks.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Relaxed);
    }

    pub(crate) fn sub(&self, n: u64) {
        self.0.fetch_sub(n, Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
