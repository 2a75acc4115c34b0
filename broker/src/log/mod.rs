//! A partition's records on disk.
