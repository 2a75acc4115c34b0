//! Producer ids: handed out one by one from blocks that are written down before use, so that no
//! id is ever given twice, whatever the process dies of.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use strait_io::fs;

const FILE: &str = "producer-ids";
/// Ids of one block: one write serves this many producers. Kafka's size.
const BLOCK: i64 = 1000;

/// The source of producer ids.
pub struct ProducerIds {
    path: PathBuf,
    range: Mutex<Range>,
}

struct Range {
    next: i64,
    end: i64,
}

impl ProducerIds {
    /// Continues after the last block of the folder.
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        let path = folder.join(FILE);
        let start = match fs::exists(&path) {
            false => 0,
            true => fs::read_to_string(&path)?.trim().parse().map_err(|_| {
                let what = format!("{} does not hold a number", path.display());
                std::io::Error::new(std::io::ErrorKind::InvalidData, what)
            })?,
        };
        Ok(Self { path, range: Mutex::new(Range { next: start, end: start }) })
    }

    /// An id nobody has.
    pub fn next(&self) -> std::io::Result<i64> {
        let mut range = self.range.lock().unwrap_or_else(PoisonError::into_inner);
        if range.next == range.end {
            fs::write_atomic(&self.path, format!("{}\n", range.end + BLOCK).as_bytes())?;
            range.end += BLOCK;
        }
        range.next += 1;
        Ok(range.next - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_is_given_twice() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let ids = ProducerIds::open(folder.path()).expect("an empty folder");
        assert_eq!((ids.next().expect("written"), ids.next().expect("known")), (0, 1));
        let again = ProducerIds::open(folder.path()).expect("the same folder");
        assert_eq!(again.next().expect("written"), BLOCK);
    }
}
