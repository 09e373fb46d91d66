//! How much a recipe may hold, and its small values. Every refusal says what is allowed.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IntoDeserializer, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

/// How long a path may be, in characters.
const PATH: usize = 300;
/// How long a phrase may be, in characters.
const PHRASE: usize = 200;

/// Reads a list of at most `MOST` elements.
pub(super) fn list<'de, D, T, const MOST: usize>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    from.deserialize_seq(Bounded::<T, MOST>(PhantomData))
}

/// Reads an object whose keys are names of a closed set. The keys are read as text first: so the place of a
/// value that is wrong is known.
pub(super) fn keyed<'de, D, K, V>(from: D) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
{
    let all = BTreeMap::<String, V>::deserialize(from)?;
    let known = |key: String| K::deserialize(IntoDeserializer::<D::Error>::into_deserializer(key));
    all.into_iter().map(|(key, value)| Ok((known(key)?, value))).collect()
}

struct Bounded<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Bounded<T, MOST> {
    type Value = Vec<T>;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "a list of at most {MOST} elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = from.next_element()? {
            if all.len() == MOST {
                return Err(A::Error::custom(format_args!("must hold at most {MOST} elements")));
            }
            all.push(one);
        }
        Ok(all)
    }
}

/// A path of an address; `*` stands for any characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Pattern(String);

impl Pattern {
    /// The pattern that only `path` fits; `None` if it is too long to be one.
    #[must_use]
    pub fn exact(path: &str) -> Option<Self> {
        (path.starts_with('/') && path.chars().count() <= PATH && !path.contains('*'))
            .then(|| Self(path.to_owned()))
    }

    /// Whether `path` fits. Costs at most the product of both lengths.
    #[must_use]
    pub fn fits(&self, path: &str) -> bool {
        let Some((start, rest)) = self.0.split_once('*') else { return path == self.0 };
        let Some(mut open) = path.strip_prefix(start) else { return false };
        let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
        for part in middle.split('*').filter(|part| !part.is_empty()) {
            let Some(at) = open.find(part) else { return false };
            open = &open[at + part.len()..];
        }
        open.ends_with(end)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text.chars().count() > PATH {
            return Err(D::Error::custom(format_args!("must be at most {PATH} characters long")));
        }
        if !text.starts_with(['/', '*']) || text.contains(['?', '#']) {
            return Err(D::Error::custom(
                "must be a path such as /login or /auth/*, without a query or fragment",
            ));
        }
        Ok(Self(text))
    }
}

/// Words to look for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Phrase(String);

impl Phrase {
    /// Whether `text` holds the words, upper and lower case alike.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        text.to_lowercase().contains(&self.0.to_lowercase())
    }
}

impl<'de> Deserialize<'de> for Phrase {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let words = String::deserialize(from)?.split_whitespace().collect::<Vec<_>>().join(" ");
        if words.is_empty() || words.chars().count() > PHRASE {
            return Err(D::Error::custom(format_args!("must be 1 to {PHRASE} characters long")));
        }
        Ok(Self(words))
    }
}

/// A driver by the name it has in the API.
pub(super) mod driver {
    use entity::Driver;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    const ALL: [(&str, Driver); 3] =
        [("AUTO", Driver::Auto), ("HTTP", Driver::Http), ("BROWSER", Driver::Browser)];

    #[expect(
        clippy::ref_option,
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference to the field"
    )]
    pub(in super::super) fn serialize<S: Serializer>(
        value: &Option<Driver>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let name = value.and_then(|driver| ALL.iter().find(|(_, one)| *one == driver));
        super::some(name.map(|(name, _)| *name), to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Driver>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        let found = ALL.iter().find(|(name, _)| *name == text).map(|(_, driver)| *driver);
        found.map(Some).ok_or_else(|| D::Error::custom("must be AUTO, HTTP or BROWSER"))
    }
}

fn some<S: Serializer>(text: Option<&str>, to: S) -> Result<S::Ok, S::Error> {
    match text {
        Some(text) => to.serialize_str(text),
        None => to.serialize_none(),
    }
}
