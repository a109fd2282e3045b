//! Looking ahead comes to what the resolvers say, letter for letter.

/// What operators ask.
mod shared;
/// What a tenant's users ask.
mod tenant;

use std::fmt::Write;

use api::graphql::Mode;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use tests::{Client, TestServer};
use tokio::runtime::Runtime;

/// A noun as documents ask for it.
struct Noun {
    name: &'static str,
    leaves: &'static [&'static str],
    one: &'static [(&'static str, usize)],
    all: &'static [(&'static str, usize)],
    pages: &'static [(&'static str, usize)],
    filters: &'static [&'static str],
    orders: &'static [&'static str],
}

/// What can be asked of a realm.
struct Realm {
    nouns: &'static [Noun],
    plurals: &'static [(&'static str, usize)],
    /// Root fields that answer one row, with `@` for an id.
    singles: &'static [(&'static str, usize)],
}

/// What was answered before, for documents to ask with.
#[derive(Default)]
struct Known {
    ids: Vec<String>,
    cursors: Vec<String>,
}

/// Makes a document of bytes, so that a shorter one is found where a long one fails.
struct Maker<'k> {
    realm: &'static Realm,
    bytes: std::vec::IntoIter<u8>,
    known: &'k Known,
    fragments: String,
    count: usize,
}

impl Maker<'_> {
    fn below(&mut self, limit: usize) -> usize {
        usize::from(self.bytes.next().unwrap_or(0)) % limit
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        let place = self.below(all.len());
        all[place]
    }

    fn document(&mut self) -> String {
        let mut fields = String::new();
        for place in 0..=self.below(2) {
            let field = match self.below(8) {
                0 => {
                    let id = self.id();
                    let kinds = self.realm.nouns.len();
                    let (first, second) = (self.below(kinds), self.below(kinds));
                    let parts = [first, second].map(|noun| {
                        let below = self.object(noun, 2);
                        format!("... on {} {{ {below} }}", self.realm.nouns[noun].name)
                    });
                    format!("node(id: {id}) {{ __typename id {} }}", parts.join(" "))
                }
                1 | 2 => {
                    let (single, noun) = self.pick(self.realm.singles);
                    let single = single.replace('@', &self.id());
                    format!("{single} {{ {} }}", self.object(noun, 3))
                }
                _ => {
                    let (plural, noun) = self.pick(self.realm.plurals);
                    self.connection(plural, noun, 3)
                }
            };
            write!(fields, " r{place}: {field}").unwrap();
        }
        format!(
            "query($yes: Boolean = true, $no: Boolean = false) {{ __typename @include(if: $yes) __typename @skip(if: $no) {fields} }} {}",
            self.fragments
        )
    }

    fn id(&mut self) -> String {
        let known = self.known.ids.len();
        let place = self.below(known + 1);
        format!(
            "{:?}",
            self.known.ids.get(place).map_or("bad", String::as_str)
        )
    }

    fn connection(&mut self, field: &str, noun: usize, levels: usize) -> String {
        let mut args = String::new();
        match self.below(8) {
            0 => args += "last: 2 ",
            1 => args += "last: 3 ",
            2 => args += "first: 1 ",
            3 => args += "first: 5 ",
            4 if self.below(4) == 0 => args += "first: 0 ",
            _ => args += "first: 3 ",
        }
        let at = &self.realm.nouns[noun];
        if self.below(3) == 0 {
            write!(args, "filter: {} ", self.pick(at.filters)).unwrap();
        }
        if self.below(2) == 0 {
            let direction = self.pick(&["", ", direction: DESC"]);
            let order = self.pick(at.orders);
            write!(args, "orderBy: {{ field: {order}{direction} }} ").unwrap();
        }
        for bound in ["after", "before"] {
            if self.below(6) == 0 && !self.known.cursors.is_empty() {
                let place = self.below(256) * 31 % self.known.cursors.len();
                write!(args, "{bound}: {:?} ", self.known.cursors[place]).unwrap();
            }
        }
        let mut below = String::new();
        for _ in 0..=self.below(3) {
            let part = match self.below(6) {
                0 => " __typename".to_owned(),
                1 => " pageInfo { hasNextPage hasPreviousPage startCursor endCursor }".to_owned(),
                2 => " pageInfo { __typename endCursor hasNextPage }".to_owned(),
                3 => format!(
                    " edges {{ cursor node {{ {} }} __typename }}",
                    self.object(noun, levels)
                ),
                4 => format!(
                    " ... on {}Connection {{ nodes {{ {} }} }}",
                    at.name,
                    self.object(noun, levels)
                ),
                _ => format!(" nodes {{ {} }}", self.object(noun, levels)),
            };
            below.push_str(&part);
        }
        format!("{field}({args}) {{ {below} }}")
    }

    fn object(&mut self, noun: usize, levels: usize) -> String {
        let mut fields = String::new();
        for _ in 0..=self.below(4) {
            fields += " ";
            fields += &self.field(noun, levels);
        }
        fields
    }

    fn field(&mut self, noun: usize, levels: usize) -> String {
        let at = &self.realm.nouns[noun];
        self.count += 1;
        let alias = format!("a{}", self.count);
        let deeper = levels > 0;
        match self.below(12) {
            0 if deeper && !at.one.is_empty() => {
                let (field, of) = self.pick(at.one);
                let below = self.object(of, levels - 1);
                format!("{field} {{ {below} }}")
            }
            1 if deeper && !at.one.is_empty() => {
                let (field, of) = self.pick(at.one);
                let below = self.object(of, levels - 1);
                format!("{alias}: {field} @include(if: $yes) {{ {below} }}")
            }
            2 | 3 if deeper && !at.all.is_empty() => {
                let (field, of) = self.pick(at.all);
                format!("{field} {{ {} }}", self.object(of, levels - 1))
            }
            4 | 5 if deeper && !at.pages.is_empty() => {
                let (field, of) = self.pick(at.pages);
                let page = self.connection(field, of, levels - 1);
                format!("{alias}: {page}")
            }
            6 => format!("... on {} {{ {} }}", at.name, self.pick(at.leaves)),
            7 => format!("... on Node {{ {alias}: id }}"),
            8 if deeper => {
                let below = self.object(noun, levels - 1);
                write!(
                    self.fragments,
                    " fragment F{alias} on {} {{ {below} }}",
                    at.name
                )
                .unwrap();
                format!("...F{alias} ... @skip(if: $no) {{ ...F{alias} }}")
            }
            9 => format!(
                "{alias}: {} @skip(if: $yes) __typename",
                self.pick(at.leaves)
            ),
            10 => format!("{alias}: {}", self.pick(at.leaves)),
            _ => self.pick(at.leaves).to_owned(),
        }
    }
}

/// Ids of every noun, and cursors of every order.
async fn learn(realm: &Realm, client: &Client<'_>) -> Known {
    let mut known = Known::default();
    for &(plural, noun) in realm.plurals {
        for order in realm.nouns[noun].orders {
            for direction in ["ASC", "DESC"] {
                let document = format!(
                    "{{ {plural}(first: 6, orderBy: {{ field: {order}, direction: {direction} }}) {{ edges {{ cursor node {{ id }} }} }} }}"
                );
                let edges = client.query(&document).await.at(&format!("{plural}.edges"));
                let texts = |name: &str| -> Vec<String> {
                    let all = tests::client::at(&edges, name);
                    let all = all.as_array().unwrap().iter();
                    all.map(|it| it.as_str().unwrap().to_owned()).collect()
                };
                known.cursors.extend(texts("cursor"));
                known.ids.extend(texts("node.id").into_iter().take(2));
            }
        }
    }
    known
}

/// Answers as many documents as this both ways, each as one of these.
fn compare(
    realm: &'static Realm,
    runtime: &Runtime,
    clients: &[(Client<'_>, Client<'_>)],
    cases: u32,
) {
    let known = runtime.block_on(learn(realm, &clients[0].1));
    let mut runner = TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    });
    let fine = std::cell::Cell::new(0);
    let tried = runner.run(&vec(any::<u8>(), 0..160), |bytes| {
        let mut maker = Maker {
            realm,
            bytes: bytes.into_iter(),
            known: &known,
            fragments: String::new(),
            count: 0,
        };
        // Most often the first.
        let client = maker.below(2) * maker.below(clients.len());
        let (ahead, plain) = &clients[client];
        let document = maker.document();
        let (one, other) = runtime
            .block_on(async { tokio::join!(ahead.query(&document), plain.query(&document)) });
        let fails = one.json().get("errors").is_some();
        fine.set(fine.get() + u32::from(!fails));
        prop_assert_eq!(comparable(one.text), comparable(other.text), "{}", document);
        Ok(())
    });
    tried.unwrap();
    let fine = fine.get();
    assert!(fine > cases / 4, "only {fine} documents went well");
}

/// Two servers of one database: one looks ahead, the other doesn't.
async fn servers() -> (TestServer, TestServer) {
    let server = TestServer::start().await;
    let other = server.another().await;
    server.state.shapes.set_mode(Mode::Ahead);
    other.state.shapes.set_mode(Mode::Plain);
    (server, other)
}

/// Of as many errors the rest is left out: which are told then is chance.
const MOST_ERRORS: usize = 10;

/// Without what differs between any two requests: ids, and which error came first.
fn comparable(text: String) -> String {
    let Ok(mut answer) = serde_json::from_str::<Value>(&text) else {
        return text;
    };
    let Some(errors) = answer.get_mut("errors").and_then(Value::as_array_mut) else {
        return text;
    };
    if errors.len() == MOST_ERRORS {
        errors.clear();
    }
    for error in errors.iter_mut() {
        if let Some(extensions) = error.get_mut("extensions") {
            extensions.as_object_mut().map(|it| it.remove("requestId"));
        }
    }
    errors.sort_by_cached_key(ToString::to_string);
    answer.to_string()
}
