//! The place where the outcomes of rounds become figures: median, least and greatest.

use std::fmt;

/// One figure of several rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// Of the figures of all rounds; `None` without any.
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let (min, max) = (*figures.first()?, *figures.last()?);
        Some(Self { median: *figures.get(figures.len() / 2)?, min, max })
    }

    /// Of one figure beside another, pair by pair.
    pub(crate) fn ratio(ours: &[f64], theirs: &[f64]) -> Option<Self> {
        Self::of(ours.iter().zip(theirs).map(|(a, b)| a / b))
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { median, min, max } = self;
        if min.to_bits() == max.to_bits() {
            return write!(f, "{}", short(*median));
        }
        write!(f, "{} ({} .. {})", short(*median), short(*min), short(*max))
    }
}

/// Three digits, or all before the point.
fn short(figure: f64) -> String {
    let digits = match figure.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{figure:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_has_its_median_and_its_ends() {
        let spread = Spread::of([3.0, 1.0, 200.0]).unwrap();
        assert_eq!(spread.to_string(), "3.00 (1.00 .. 200)");
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread::of([12.34]).unwrap().to_string(), "12.3");
        let ratio = Spread::ratio(&[1.0, 4.0, 9.0], &[1.0, 2.0, 3.0]).unwrap();
        assert_eq!(ratio, Spread { median: 2.0, min: 1.0, max: 3.0 });
    }
}
