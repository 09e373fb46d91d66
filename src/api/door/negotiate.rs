//! Which form of answer a client accepts (RFC 9110, 12.5.1; GraphQL over HTTP, "Accept").
//!
//! Without a preference it is `application/json`, which every client reads. The newer media type is
//! given to those who name it: only they expect statuses that tell what went wrong.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// A form of answer in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Json {
    /// `application/json`.
    Plain,
    /// `application/graphql-response+json`.
    GraphQl,
}

impl Json {
    /// The value of `Content-Type`.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Plain => "application/json; charset=utf-8",
            Self::GraphQl => "application/graphql-response+json; charset=utf-8",
        }
    }
}

/// What a client accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accept {
    /// JSON, if any.
    pub(super) json: Option<Json>,
    /// Whether it reads an event stream.
    pub(super) stream: bool,
    /// Whether it would rather read an event stream than JSON.
    pub(super) prefers_stream: bool,
}

impl Accept {
    /// Reads the `Accept` headers.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(ACCEPT).iter();
        let ranges: Vec<Range<'_>> = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(Range::read)
            .collect();
        if !headers.contains_key(ACCEPT) {
            return Self { json: Some(Json::Plain), stream: false, prefers_stream: false };
        }
        let plain = quality(&ranges, "application/json");
        let graphql = quality(&ranges, "application/graphql-response+json");
        let stream = quality(&ranges, "text/event-stream");
        let names_graphql = ranges.iter().any(|range| range.name == "application/graphql-response+json");
        let json = match (plain > 0, graphql > 0) {
            (_, true) if graphql > plain || (names_graphql && graphql == plain) => Some(Json::GraphQl),
            (true, _) => Some(Json::Plain),
            (false, _) => None,
        };
        Self { json, stream: stream > 0, prefers_stream: stream > plain.max(graphql) }
    }

    /// The form of an error, whatever happens. Who waits for a stream is told by the status.
    pub(super) fn for_errors(self) -> Json {
        self.json.filter(|_| !self.prefers_stream).unwrap_or(Json::GraphQl)
    }
}

/// One media range with its quality in thousandths.
struct Range<'a> {
    name: &'a str,
    quality: u16,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().filter(|name| !name.is_empty())?;
        let mut quality = 1000;
        for (key, value) in parts.filter_map(|part| part.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match key.trim() {
                "q" | "Q" => quality = thousandths(value)?,
                // An answer is always UTF-8.
                "charset" if !value.eq_ignore_ascii_case("utf-8") => return None,
                _ => {}
            }
        }
        Some(Self { name, quality })
    }

    /// How exactly the range means `name`: 0 not at all, 3 by name.
    fn exactness(&self, name: &str) -> u8 {
        if self.name.eq_ignore_ascii_case(name) {
            return 3;
        }
        match self.name.split_once('/') {
            Some(("*", "*")) => 1,
            Some((kind, "*")) if name.split('/').next() == Some(kind) => 2,
            _ => 0,
        }
    }
}

fn thousandths(quality: &str) -> Option<u16> {
    let quality: f32 = quality.parse().ok()?;
    if !(0.0..=1.0).contains(&quality) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
    Some((quality * 1000.0).round() as u16)
}

/// The quality that the most exact range gives to `name`; 0 if none means it.
fn quality(ranges: &[Range<'_>], name: &str) -> u16 {
    let meaning = ranges.iter().filter(|range| range.exactness(name) > 0);
    meaning.max_by_key(|range| range.exactness(name)).map_or(0, |range| range.quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &str) -> Accept {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, value.parse().unwrap());
        Accept::of(&headers)
    }

    #[test]
    fn a_client_without_a_preference_gets_plain_json() {
        assert_eq!(Accept::of(&HeaderMap::new()).json, Some(Json::Plain));
        assert_eq!(accept("*/*").json, Some(Json::Plain));
        assert_eq!(accept("application/*;q=0.5, text/html").json, Some(Json::Plain));
    }

    #[test]
    fn the_quality_decides_and_naming_the_newer_type_breaks_a_tie() {
        let both = "application/json, application/graphql-response+json";
        assert_eq!(accept(both).json, Some(Json::GraphQl));
        assert_eq!(
            accept("application/json;q=0.9, application/graphql-response+json;q=0.8").json,
            Some(Json::Plain)
        );
        assert_eq!(accept("application/graphql-response+json;q=0, */*").json, Some(Json::Plain));
    }

    #[test]
    fn what_we_cannot_write_is_not_acceptable() {
        assert_eq!(accept("text/html").json, None);
        assert_eq!(accept("application/json;q=0").json, None);
        assert_eq!(accept("application/json; charset=iso-8859-1").json, None);
    }

    #[test]
    fn an_event_stream_is_preferred_only_when_it_is_wanted_more() {
        assert!(accept("text/event-stream").prefers_stream);
        let any = accept("application/graphql-response+json, application/json, text/event-stream");
        assert!(any.stream && !any.prefers_stream);
        assert!(!accept("*/*").prefers_stream);
    }
}
