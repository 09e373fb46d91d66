//! Fields of updates: left out, they stay as they are.

use async_graphql::MaybeUndefined;

use crate::service::Error;

/// A field that always has a value.
pub(super) fn given<T>(field: &str, value: MaybeUndefined<T>) -> Result<Option<T>, Error> {
    match value {
        MaybeUndefined::Value(value) => Ok(Some(value)),
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Err(Error::invalid(field, "must not be null: leave it out to keep it")),
    }
}
