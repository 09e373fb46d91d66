//! What only a browser knows of a page's elements.

use std::collections::HashMap;

use crate::domain::snapshot::Uid;

/// What only a browser knows, by the elements' places.
#[derive(Default)]
pub(in crate::driver) struct Layout {
    visible: Vec<bool>,
    filled: Vec<bool>,
    owners: HashMap<Uid, Uid>,
}

impl Layout {
    /// The next element in document order.
    pub(in crate::driver) fn push(&mut self, flags: u64) {
        self.visible.push(flags & 1 != 0);
        self.filled.push(flags & 2 != 0);
    }

    /// The form that owns a control, wherever in the tree it stands.
    pub(in crate::driver) fn own(&mut self, control: Uid, form: Uid) {
        self.owners.insert(control, form);
    }

    pub(super) fn is_visible(&self, uid: Uid) -> bool {
        self.visible.get(uid as usize).copied().unwrap_or(false)
    }

    pub(super) fn is_filled(&self, uid: Uid) -> bool {
        self.filled.get(uid as usize).copied().unwrap_or(false)
    }

    pub(super) fn owner(&self, control: Uid) -> Option<Uid> {
        self.owners.get(&control).copied()
    }
}
