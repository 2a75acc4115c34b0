//! Figures of several rounds: their median, and how far they lie apart.

use std::fmt;

/// Figures of one kind.
#[derive(Debug, Clone, Default)]
pub struct Summary(Vec<f64>);

impl Summary {
    /// Adds a round's figure.
    pub fn push(&mut self, figure: f64) {
        self.0.push(figure);
        self.0.sort_by(f64::total_cmp);
    }

    /// Whether no round has come so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The middle figure, or the mean of the two in the middle.
    pub fn median(&self) -> f64 {
        let (count, middle) = (self.0.len(), self.0.len() / 2);
        match count {
            0 => f64::NAN,
            _ if count % 2 == 1 => self.0[middle],
            _ => (self.0[middle - 1] + self.0[middle]) / 2.0,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        match (self.0.first(), self.0.last()) {
            (Some(least), Some(most)) => write!(
                f,
                "{:.digits$} ({least:.digits$}-{most:.digits$}, n {})",
                self.median(),
                self.0.len()
            ),
            _ => write!(f, "-"),
        }
    }
}
