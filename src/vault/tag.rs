//! Recognises an identifier at a source system without storing it: for budgets across links.

use std::sync::Arc;

use entity::{SourceSystemId, WorkspaceId};
use hmac::Mac;
use zeroize::Zeroizing;

use super::master::HmacSha256;
use super::{MasterKeys, Vault};
use crate::domain::Secret;

const PURPOSE: &str = "postern identifier tag v1";

/// The keyed hash behind the tags.
#[derive(Clone)]
pub(super) struct Tagger(Option<Arc<HmacSha256>>);

impl Tagger {
    /// Uses the oldest key, so that a rotation does not forget who has used up their tries.
    pub(super) fn new(keys: &MasterKeys) -> Self {
        Self(keys.derive(PURPOSE).pop().map(|(_, mac)| Arc::new(mac)))
    }
}

impl Vault {
    /// The same 32 bytes for the same identifier at the same source system, and nothing to learn from them.
    ///
    /// Case and space around it do not matter: sites treat them alike, and so would who tries to get around.
    #[must_use]
    pub fn identifier_tag(
        &self,
        workspace: WorkspaceId,
        source_system: SourceSystemId,
        identifier: &Secret,
    ) -> [u8; 32] {
        self.tag(&[workspace.0.as_bytes(), source_system.0.as_bytes()], identifier)
    }

    /// The same for a site whoever signs in there: workspaces that name one origin share it.
    #[must_use]
    pub fn site_tag(&self, origin: &str, identifier: &Secret) -> [u8; 32] {
        self.tag(&[b"site\0", origin.as_bytes(), b"\0"], identifier)
    }

    fn tag(&self, place: &[&[u8]], identifier: &Secret) -> [u8; 32] {
        let normal = Zeroizing::new(identifier.expose().trim().to_lowercase());
        let Some(mac) = &self.tagger.0 else { return [0; 32] };
        let mac = place.iter().fold(HmacSha256::clone(mac), Mac::chain_update);
        mac.chain_update(normal.as_bytes()).finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::master::tests::{TWO, keys};
    use super::*;

    fn tag(keys_text: &str, (workspace, site): (u128, u128), identifier: &str) -> [u8; 32] {
        let ids = (WorkspaceId(Uuid::from_u128(workspace)), SourceSystemId(Uuid::from_u128(site)));
        Vault::new(&keys(keys_text)).identifier_tag(ids.0, ids.1, &Secret::new(identifier.to_owned()))
    }

    #[test]
    fn an_identifier_is_recognised_in_another_spelling_and_after_a_rotation() {
        let old = TWO.split_once('\n').unwrap().1;

        let first = tag(TWO, (1, 2), "Ada@Example.com");

        assert_eq!(first, tag(TWO, (1, 2), "  ada@example.COM\n"));
        assert_eq!(first, tag(old, (1, 2), "ada@example.com"));
    }

    #[test]
    fn a_site_is_recognised_by_its_origin_alone() {
        let tag = |origin: &str, identifier: &str| {
            Vault::new(&keys(TWO)).site_tag(origin, &Secret::new(identifier.to_owned()))
        };
        assert_eq!(tag("https://a.example", "ada"), tag("https://a.example", " ADA "));
        assert_ne!(tag("https://a.example", "ada"), tag("https://b.example", "ada"));
        assert_ne!(tag("https://a.example", "ada"), tag("https://a.example", "bob"));
    }

    #[test]
    fn another_identifier_site_workspace_or_key_gives_another_tag() {
        let first = tag(TWO, (1, 2), "ada");
        let new = TWO.split_once('\n').unwrap().0;

        for other in [
            tag(TWO, (1, 2), "bob"),
            tag(TWO, (1, 3), "ada"),
            tag(TWO, (2, 2), "ada"),
            tag(new, (1, 2), "ada"),
        ] {
            assert_ne!(first, other);
        }
    }
}
