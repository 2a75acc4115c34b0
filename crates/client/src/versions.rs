//! Which version of each API a broker and we both speak.

use std::collections::HashMap;

use strait_wire::ApiKey;
use strait_wire::messages::api_versions::ApiVersion;

/// What a broker said it serves.
#[derive(Debug, Clone, Default)]
pub struct Versions {
    ranges: HashMap<i16, (i16, i16)>,
}

impl Versions {
    /// From the answer to ApiVersions; APIs unknown to us are kept, and never used.
    pub fn new(served: &[ApiVersion]) -> Self {
        let ranges =
            served.iter().map(|api| (api.api_key, (api.min_version, api.max_version))).collect();
        Self { ranges }
    }

    /// The newest version both sides speak.
    pub fn best(&self, key: ApiKey) -> Option<i16> {
        self.best_up_to(key, i16::MAX)
    }

    /// The newest version both sides speak that is not above `cap`.
    pub fn best_up_to(&self, key: ApiKey, cap: i16) -> Option<i16> {
        let (their_min, their_max) = *self.ranges.get(&key.code())?;
        let ours = key.versions();
        let best = their_max.min(*ours.end()).min(cap);
        (best >= their_min && best >= *ours.start()).then_some(best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetch(min_version: i16, max_version: i16) -> Versions {
        Versions::new(&[ApiVersion { api_key: 1, min_version, max_version }])
    }

    #[test]
    fn the_newest_common_version_wins() {
        assert_eq!(fetch(4, 11).best(ApiKey::Fetch), Some(11));
        assert_eq!(fetch(4, 99).best(ApiKey::Fetch), Some(18));
        assert_eq!(fetch(4, 99).best_up_to(ApiKey::Fetch, 12), Some(12));
    }

    #[test]
    fn ranges_that_do_not_meet_have_no_version() {
        assert_eq!(fetch(0, 3).best(ApiKey::Fetch), None);
        assert_eq!(fetch(13, 18).best_up_to(ApiKey::Fetch, 12), None);
        assert_eq!(fetch(4, 11).best(ApiKey::Produce), None);
    }
}
