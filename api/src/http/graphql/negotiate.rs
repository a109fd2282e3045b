//! Which of the two media types an answer has.

use http::{HeaderMap, HeaderValue, header};
use mime::Mime;

use crate::http::{Code, Refusal};

/// The media types of GraphQL over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// Statuses mean what they mean everywhere.
    GraphQl,
    /// For older clients: whatever GraphQL says is a 200.
    Json,
}

/// How much a client wants a media type: its quality in thousandths, and how exactly it named it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Wish {
    quality: u16,
    exactness: u8,
}

impl MediaType {
    /// The best that `Accept` allows. Between equals the one named more exactly wins, then the newer one if it was named at all.
    pub(super) fn negotiate(headers: &HeaderMap) -> Result<Self, Refusal> {
        if !headers.contains_key(header::ACCEPT) {
            return Ok(Self::Json);
        }
        let ranges = ranges(headers);
        let wish = |media| wish(media, &ranges).filter(|wish| wish.quality > 0);
        match (wish(Self::GraphQl), wish(Self::Json)) {
            (Some(new), Some(old)) if new >= old && new.exactness == EXACT => Ok(Self::GraphQl),
            (Some(_), None) => Ok(Self::GraphQl),
            (_, Some(_)) => Ok(Self::Json),
            (None, None) => Err(Refusal::new(
                Code::NotAcceptable,
                "Accept application/graphql-response+json or application/json; there is nothing else",
            )),
        }
    }

    pub(super) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphQl => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }

    fn essence(self) -> &'static str {
        match self {
            Self::GraphQl => "application/graphql-response+json",
            Self::Json => "application/json",
        }
    }
}

const EXACT: u8 = 2;

/// All ranges of all `Accept` headers; what isn't one is as good as not said.
fn ranges(headers: &HeaderMap) -> Vec<Mime> {
    let lines = headers.get_all(header::ACCEPT).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|range| range.trim().parse().ok())
        .collect()
}

/// The most exact range that matches decides, even where it excludes.
fn wish(media: MediaType, ranges: &[Mime]) -> Option<Wish> {
    let matching = ranges.iter().filter(|range| is_utf8(range));
    let wishes = matching.filter_map(|range| {
        let exactness = match range.essence_str() {
            "*/*" => 0,
            "application/*" => 1,
            essence if essence == media.essence() => EXACT,
            _ => return None,
        };
        let quality = quality(range)?;
        Some(Wish { quality, exactness })
    });
    wishes.max_by_key(|wish| (wish.exactness, wish.quality))
}

/// Answers are UTF-8, always.
pub(super) fn is_utf8(mime: &Mime) -> bool {
    mime.get_param(mime::CHARSET)
        .is_none_or(|charset| charset == mime::UTF_8)
}

/// In thousandths, as the weights of HTTP have three decimals.
fn quality(range: &Mime) -> Option<u16> {
    let Some(text) = range.get_param("q") else {
        return Some(1000);
    };
    let quality: f32 = text.as_str().parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it lies between 0 and 1000"
    )]
    (0.0..=1.0)
        .contains(&quality)
        .then(|| (quality * 1000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiate(accept: &'static str) -> Option<MediaType> {
        let accept = (header::ACCEPT, HeaderValue::from_static(accept));
        MediaType::negotiate(&HeaderMap::from_iter([accept])).ok()
    }

    #[test]
    fn quality_then_exactness_then_novelty_decide() {
        const NEW: Option<MediaType> = Some(MediaType::GraphQl);
        const OLD: Option<MediaType> = Some(MediaType::Json);
        for (accept, expected) in [
            ("application/graphql-response+json", NEW),
            ("application/json", OLD),
            ("*/*", OLD),
            ("application/*", OLD),
            ("application/graphql-response+json, application/json", NEW),
            ("application/json, application/graphql-response+json", NEW),
            (
                "application/graphql-response+json;q=0.9, application/json",
                OLD,
            ),
            (
                "application/json;q=0.9, application/graphql-response+json;q=0.91",
                NEW,
            ),
            ("application/json, */*;q=0.1", OLD),
            ("application/json;q=0.5, */*", OLD),
            ("application/graphql-response+json, */*", NEW),
            ("application/graphql-response+json;q=0, */*", OLD),
            ("application/json;q=0, */*", NEW),
            ("text/html, application/xhtml+xml, */*;q=0.8", OLD),
            ("APPLICATION/JSON; Charset=UTF-8", OLD),
            (
                "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
                NEW,
            ),
            ("application/json; charset=\"utf-8\"", OLD),
            ("application/json; charset=iso-8859-1", None),
            ("application/json;q=0", None),
            ("text/html", None),
            ("text/event-stream", None),
            ("nonsense", None),
            ("nonsense, application/json", OLD),
            ("application/json;q=2", None),
            ("application/json;q=NaN", None),
            ("", None),
        ] {
            assert_eq!(negotiate(accept), expected, "{accept}");
        }
    }

    #[test]
    fn several_headers_are_one_list_and_none_means_json() {
        let accept = ["text/html", "application/graphql-response+json"];
        let headers = accept.map(|range| (header::ACCEPT, HeaderValue::from_static(range)));
        let both = MediaType::negotiate(&HeaderMap::from_iter(headers));
        assert_eq!(both.ok(), Some(MediaType::GraphQl));
        let none = MediaType::negotiate(&HeaderMap::new());
        assert_eq!(none.ok(), Some(MediaType::Json));
    }
}
