//! Files: positional reads and writes, durability, and the few folder operations we need.
//!
//! Calls block; callers keep them short (page cache) or run them on a blocking thread (sync).

use std::fs;
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// What the kernel takes in one vectored call (`IOV_MAX` on Linux).
const PARTS_MAX: usize = 1024;

/// An open file. Clones of an `Arc<File>` stay valid after the file is unlinked.
#[derive(Debug)]
pub struct File(fs::File);

impl File {
    /// Opens for reading.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::File::open(path).map(File)
    }

    /// Opens a file that is there for reading and writing.
    pub fn open_writable(path: &Path) -> io::Result<Self> {
        fs::OpenOptions::new().read(true).write(true).open(path).map(File)
    }

    /// Opens for reading and writing, creating an empty file if there is none.
    pub fn open_or_create(path: &Path) -> io::Result<Self> {
        let options =
            fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        options.map(File)
    }

    /// Creates the file anew; an error if it exists.
    pub fn create_new(path: &Path) -> io::Result<Self> {
        fs::OpenOptions::new().read(true).write(true).create_new(true).open(path).map(File)
    }

    /// Bytes in the file.
    pub fn len(&self) -> io::Result<u64> {
        self.0.metadata().map(|meta| meta.len())
    }

    /// Whether the file holds nothing.
    pub fn is_empty(&self) -> io::Result<bool> {
        self.len().map(|n| n == 0)
    }

    /// Fills `buffer` from `offset` on.
    pub fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }

    /// Reads up to `buffer.len()` bytes from `offset` on.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }

    /// Writes all of `bytes` at `offset`.
    pub fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    /// Writes all of `parts`, one behind the other, from `offset` on: one system call for each
    /// [`PARTS_MAX`] of them. The slices are used up on the way.
    pub fn write_all_vectored_at(
        &self,
        mut parts: &mut [IoSlice<'_>],
        mut offset: u64,
    ) -> io::Result<()> {
        IoSlice::advance_slices(&mut parts, 0);
        while !parts.is_empty() {
            let now = &parts[..parts.len().min(PARTS_MAX)];
            let written = match rustix::io::pwritev(&self.0, now, offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => written,
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            offset += written as u64;
            IoSlice::advance_slices(&mut parts, written);
        }
        Ok(())
    }

    /// Cuts or extends the file.
    pub fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    /// Makes the data durable.
    pub fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    /// Takes an exclusive lock that ends with the process; `false` if another holds it.
    pub fn try_lock(&self) -> io::Result<bool> {
        use rustix::fs::{FlockOperation, flock};
        match flock(&self.0, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn inner(&self) -> &fs::File {
        &self.0
    }
}

/// The whole file.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path)
}

/// The whole file as text.
pub fn read_to_string(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

/// Replaces the file so that a crash leaves the old content or the new, never a mixture:
/// temporary file, sync, rename, sync of the folder.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let file = File(fs::File::create(&temporary)?);
    file.write_all_at(bytes, 0)?;
    file.sync_data()?;
    fs::rename(&temporary, path)?;
    sync_dir(path.parent().unwrap_or(Path::new(".")))
}

/// Replaces the file's content with no promise of durability or atomicity: for what is rebuilt
/// when it turns out to be wrong. The open file is returned, so that it can be synced later.
pub fn rewrite(path: &Path, bytes: &[u8]) -> io::Result<File> {
    let file = File::open_or_create(path)?;
    file.set_len(0)?;
    file.write_all_at(bytes, 0)?;
    Ok(file)
}

/// Makes creations, renames and removals in `folder` durable.
pub fn sync_dir(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// Creates the folder and those above it.
pub fn create_dir_all(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// The paths in a folder, sorted by name.
pub fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// Renames a file or folder.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// Removes a file.
pub fn remove_file(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}

/// Removes a folder and all in it.
pub fn remove_dir_all(path: &Path) -> io::Result<()> {
    fs::remove_dir_all(path)
}

/// Whether something is there.
pub fn exists(path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_parts_than_one_call_takes_are_all_written() {
        let path = std::env::temp_dir().join(format!("strait-io-{}", std::process::id()));
        let file = File::open_or_create(&path).unwrap();
        let bytes: Vec<u8> = (0..3000u32).map(|i| i as u8).collect();
        let mut parts: Vec<IoSlice<'_>> = Vec::new();
        for byte in bytes.chunks(1) {
            parts.push(IoSlice::new(byte));
            parts.push(IoSlice::new(&[]));
        }
        file.write_all_vectored_at(&mut parts, 5).unwrap();
        assert_eq!(read(&path).unwrap()[5..], bytes);
        file.write_all_vectored_at(&mut [], 0).unwrap();
        remove_file(&path).unwrap();
    }
}
