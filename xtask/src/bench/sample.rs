//! Durations of repeated runs, and what is said about them.

use std::time::Duration;

/// Durations of one command's runs.
#[derive(Debug, Default)]
pub(super) struct Sample(Vec<Duration>);

impl Sample {
    pub(super) fn add(&mut self, duration: Duration) {
        self.0.push(duration);
        self.0.sort();
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The middle one; of an even number the lower of the two. Zero without any.
    pub(super) fn median(&self) -> Duration {
        self.0.get(self.0.len().saturating_sub(1) / 2).copied().unwrap_or_default()
    }

    /// That which 95 of 100 do not exceed (nearest rank). Zero without any.
    pub(super) fn p95(&self) -> Duration {
        let rank = (self.0.len() * 95).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// `min / median / max` in seconds.
    pub(super) fn summary(&self) -> String {
        let seconds =
            |duration: Option<&Duration>| duration.copied().unwrap_or_default().as_secs_f64();
        let median = self.median().as_secs_f64();
        format!("{:.3} / {median:.3} / {:.3} s", seconds(self.0.first()), seconds(self.0.last()))
    }

    /// `min / median / 95th percentile / max` in seconds.
    pub(super) fn summary_with_p95(&self) -> String {
        let [min, max] =
            [self.0.first(), self.0.last()].map(|end| end.copied().unwrap_or_default());
        let all = [min, self.median(), self.p95(), max];
        let all = all.map(|duration| format!("{:.3}", duration.as_secs_f64()));
        format!("{} s", all.join(" / "))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Sample;

    #[test]
    fn min_median_max() {
        let mut sample = Sample::default();
        for millis in [30, 10, 20, 50] {
            sample.add(Duration::from_millis(millis));
        }
        assert_eq!(sample.summary(), "0.010 / 0.020 / 0.050 s");
        assert_eq!(sample.summary_with_p95(), "0.010 / 0.020 / 0.050 / 0.050 s");
        let mut hundred = Sample::default();
        (1..=100).for_each(|millis| hundred.add(Duration::from_millis(millis)));
        assert_eq!(hundred.p95(), Duration::from_millis(95));
        assert_eq!(Sample::default().p95(), Duration::ZERO);
        assert_eq!(Sample::default().summary(), "0.000 / 0.000 / 0.000 s");
    }
}
