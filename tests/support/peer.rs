//! Whether a stranger is on this machine.

use std::path::PathBuf;

/// A stranger, if it is here.
#[must_use]
pub enum Peer<T> {
    /// It is.
    Present(T),
    /// It is not, and that was said aloud.
    Absent,
}

impl<T> Peer<T> {
    /// `found`, or the loud line (a panic where peers are required) that `name` is missing.
    pub fn of(found: Option<T>, name: &str) -> Self {
        if let Some(peer) = found {
            return Peer::Present(peer);
        }
        let line = format!("SKIPPED, no {name} on this machine: run tests/peers/install");
        if std::env::var_os("STRAIT_PEERS_REQUIRED").is_some() {
            panic!("{line} (STRAIT_PEERS_REQUIRED is set)");
        }
        eprintln!("\n*** {line} ***\n");
        Peer::Absent
    }
}

/// Binds each name to its peer, or ends the story (it has been said why).
#[macro_export]
macro_rules! peers {
    ($($name:ident: $peer:ty),* $(,)?) => {
        $( let $crate::support::Peer::Present($name) = <$peer>::locate() else { return }; )*
    };
}

/// A path below `target/peers`, where `tests/peers/install` puts things.
pub fn installed(path: &str) -> PathBuf {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("target/peers").join(path)
}
