//! Strait.
