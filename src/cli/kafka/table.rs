//! Columns as Kafka's tools print them: left-aligned, at least so wide, one space between. Pure.

/// A table whose columns grow with what they hold.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<(&'static str, Width)>,
    rows: Vec<Vec<String>>,
    ends_in_space: bool,
}

/// How wide a column is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Width {
    /// This wide; longer values push what follows.
    Fixed(usize),
    /// This wide, or as wide as the longest value in its rows.
    AtLeast(usize),
    /// As wide as each value: a last column without padding.
    Free,
}

impl Table {
    /// A table with these columns.
    pub fn new(columns: impl Into<Vec<(&'static str, Width)>>) -> Self {
        Self { columns: columns.into(), rows: Vec::new(), ends_in_space: false }
    }

    /// Lines end in a space more, as those of `--members` do.
    pub fn ending_in_space(mut self) -> Self {
        self.ends_in_space = true;
        self
    }

    /// Adds a row, one value per column.
    pub fn row(&mut self, values: Vec<String>) {
        assert_eq!(values.len(), self.columns.len(), "a row has a value for every column");
        self.rows.push(values);
    }

    /// The head and the rows, each ended by a newline.
    pub fn render(&self) -> String {
        let widths: Vec<usize> = (0..self.columns.len()).map(|at| self.width(at)).collect();
        let head = self.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut text = String::new();
        for values in std::iter::once(&head).chain(&self.rows) {
            let padded = values.iter().zip(&widths).map(|(value, width)| format!("{value:width$}"));
            text.push_str(&padded.collect::<Vec<_>>().join(" "));
            text.push_str(if self.ends_in_space { " \n" } else { "\n" });
        }
        text
    }

    fn width(&self, at: usize) -> usize {
        match self.columns[at].1 {
            Width::Fixed(width) => width,
            Width::Free => 0,
            Width::AtLeast(width) => {
                let longest = self.rows.iter().map(|row| row[at].chars().count()).max();
                width.max(longest.unwrap_or(0))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_grow_or_push_or_stay_free() {
        let mut table =
            Table::new([("A", Width::AtLeast(2)), ("B", Width::Fixed(2)), ("C", Width::Free)]);
        table.row(vec!["long".into(), "xyz".into(), "1".into()]);
        table.row(vec!["s".into(), "x".into(), "22".into()]);
        assert_eq!(table.render(), "A    B  C\nlong xyz 1\ns    x  22\n");
    }
}
