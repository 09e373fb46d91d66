//! What a page says: the tree of its elements as a snapshot, for both drivers.
//!
//! One walk over the tree serves them both, so that what the detector decides does not depend on who looked.
//! The http driver parses what came over the wire; the browser hands over what its scripts have made of it,
//! and knows by layout what people see.

pub(in crate::driver) mod controls;
mod elements;
mod hidden;
pub(in crate::driver) mod html;
mod inputs;
mod labels;
pub(in crate::driver) mod layout;
pub(in crate::driver) mod loaded;
pub(in crate::driver) mod select;
pub(in crate::driver) mod settle;
pub(in crate::driver) mod table;
mod texts;
pub(in crate::driver) mod tree;
pub(in crate::driver) mod walk;
