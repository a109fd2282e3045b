//! Looking ahead comes to what the resolvers say, letter for letter.

use std::fmt::Write;

use api::graphql::Mode;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use tests::{Client, TestServer};

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

const PLURALS: [(&str, usize); 5] = [
    ("employees", 0),
    ("departments", 1),
    ("invoices", 2),
    ("customers", 3),
    ("users", 5),
];

const NOUNS: [Noun; 6] = [
    Noun {
        name: "Employee",
        leaves: &[
            "id", "number", "name", "email", "title", "hiredOn", "created",
        ],
        one: &[("department", 1), ("manager", 0)],
        all: &[],
        pages: &[("reports", 0)],
        filters: &[
            "{}",
            "{ name: { contains: \"1\" } }",
            "{ email: { isNull: true } }",
            "{ title: { in: [\"Chief\", \"Clerk\"] }, number: { startsWith: \"N\" } }",
            "{ hiredOn: { gte: \"2024-03-01\", lte: \"2025-06-01\" } }",
            "{ hiredOn: { eq: \"2024-13-01\" } }",
            "{ manager: { isNull: false }, department: { in: [\"nonsense\"] } }",
            "{ name: { eq: \"\\u0000\" } }",
        ],
        orders: &["CREATED", "NUMBER", "NAME"],
    },
    Noun {
        name: "Department",
        leaves: &["id", "name", "created"],
        one: &[],
        all: &[],
        pages: &[("employees", 0)],
        filters: &["{}", "{ name: { contains: \"e\" } }"],
        orders: &["CREATED", "NAME"],
    },
    Noun {
        name: "Invoice",
        leaves: &[
            "id", "number", "issuedOn", "dueOn", "status", "total", "created",
        ],
        one: &[("customer", 3)],
        all: &[("lines", 4)],
        pages: &[],
        filters: &[
            "{}",
            "{ status: [OPEN, PAID] }",
            "{ status: [] }",
            "{ total: { gte: \"3\", lte: \"40.5\" } }",
            "{ total: { eq: \"three\" } }",
            "{ dueOn: { isNull: false } }",
        ],
        orders: &["CREATED", "NUMBER", "ISSUED_ON", "TOTAL"],
    },
    Noun {
        name: "Customer",
        leaves: &[
            "id", "number", "name", "company", "email", "phone", "address", "city", "country",
            "created",
        ],
        one: &[],
        all: &[],
        pages: &[("invoices", 2)],
        filters: &[
            "{}",
            "{ company: { isNull: true } }",
            "{ city: { eq: \"Bern\" } }",
        ],
        orders: &["CREATED", "NUMBER", "NAME"],
    },
    Noun {
        name: "InvoiceLine",
        leaves: &["id", "description", "quantity", "unitPrice"],
        one: &[("invoice", 2)],
        all: &[],
        pages: &[],
        filters: &[],
        orders: &[],
    },
    Noun {
        name: "User",
        leaves: &["id", "email", "name", "role", "created", "disabled"],
        one: &[],
        all: &[],
        pages: &[],
        filters: &["{}", "{ role: [OWNER, STAFF] }", "{ disabled: false }"],
        orders: &["CREATED", "NAME", "EMAIL"],
    },
];

/// What was answered before, for documents to ask with.
#[derive(Default)]
struct Known {
    ids: Vec<String>,
    cursors: Vec<String>,
}

/// Makes a document of bytes, so that a shorter one is found where a long one fails.
struct Maker<'k> {
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
                    let (first, second) = (self.below(6), self.below(6));
                    let parts = [first, second].map(|noun| {
                        let below = self.object(noun, 2);
                        format!("... on {} {{ {below} }}", NOUNS[noun].name)
                    });
                    format!("node(id: {id}) {{ __typename id {} }}", parts.join(" "))
                }
                1 => {
                    let noun = self.below(4);
                    let single = ["employee", "department", "invoice", "customer"][noun];
                    let id = self.id();
                    format!("{single}(id: {id}) {{ {} }}", self.object(noun, 3))
                }
                2 => format!("me {{ {} }}", self.object(5, 2)),
                _ => {
                    let (plural, noun) = self.pick(&PLURALS);
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
        let at = &NOUNS[noun];
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
        let at = &NOUNS[noun];
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

/// Rows with and without references, values and namesakes.
async fn furnish(server: &TestServer) {
    let sql = server.sql("python");
    for statement in [
        "INSERT INTO employee (id, number, name, email, title, department_id, hired_on, created_at)
         SELECT gen_random_uuid(), 'N' || n, 'Employee ' || n % 5,
             CASE WHEN n % 3 > 0 THEN n || '@example.com' END, CASE n % 4 WHEN 0 THEN 'Chief' WHEN 1 THEN 'Clerk' END,
             CASE WHEN n % 5 > 0 THEN (SELECT id FROM department ORDER BY md5(n || name) LIMIT 1) END,
             CASE WHEN n % 2 > 0 THEN date '2024-01-01' + n * 20 END, now() - n * interval '1.000001 s'
         FROM generate_series(1, 30) n",
        "UPDATE employee e SET manager_id = (SELECT id FROM employee m WHERE m.id < e.id ORDER BY md5(e.name || m.number) LIMIT 1)",
        "INSERT INTO customer (id, number, name, company, city, created_at)
         SELECT gen_random_uuid(), 'N' || n, 'Customer ' || n % 3, CASE WHEN n % 2 > 0 THEN 'Company' END,
             CASE WHEN n % 3 > 0 THEN 'Bern' END, now()
         FROM generate_series(1, 8) n",
        "INSERT INTO invoice (id, number, customer_id, issued_on, due_on, status, total, created_at)
         SELECT gen_random_uuid(), 'N' || n, (SELECT id FROM customer ORDER BY md5(n || number) LIMIT 1),
             date '2026-01-01' + n % 4, CASE WHEN n % 2 > 0 THEN date '2026-02-01' END,
             (ARRAY['draft', 'open', 'paid', 'void'])[1 + n % 4], n * 1.25, now()
         FROM generate_series(1, 25) n",
        "INSERT INTO invoice_line (id, invoice_id, position, description, quantity, unit_price)
         SELECT gen_random_uuid(), id, p, 'Line ' || p, 1 + p, 0.0001 * p
         FROM invoice, generate_series(0, 2) p WHERE number LIKE 'N%' AND number NOT LIKE '%3'",
    ] {
        sql.run(statement).await;
    }
}

/// Ids of every noun, and cursors of every order.
async fn learn(client: &Client<'_>) -> Known {
    let mut known = Known::default();
    for (plural, noun) in PLURALS {
        for order in NOUNS[noun].orders {
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

#[test]
fn any_document_is_answered_alike_both_ways() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(TestServer::start());
    let other = runtime.block_on(server.another());
    server.state.shapes.set_mode(Mode::Ahead);
    other.state.shapes.set_mode(Mode::Plain);
    runtime.block_on(furnish(&server));
    let as_owner = |of| TestServer::tenant(of, "python").as_owner();
    let as_staff = |of| TestServer::tenant(of, "python").as_staff();
    let owner = (as_owner(&server), as_owner(&other));
    let staff = (as_staff(&server), as_staff(&other));
    let known = runtime.block_on(learn(&owner.1));
    let mut runner = TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(400)
    });
    let fine = std::cell::Cell::new(0);
    let tried = runner.run(&vec(any::<u8>(), 0..160), |bytes| {
        let mut maker = Maker {
            bytes: bytes.into_iter(),
            known: &known,
            fragments: String::new(),
            count: 0,
        };
        let (ahead, plain) = if maker.below(4) == 3 { &staff } else { &owner };
        let document = maker.document();
        let (one, other) = runtime
            .block_on(async { tokio::join!(ahead.query(&document), plain.query(&document)) });
        let fails = one.json().get("errors").is_some();
        fine.set(fine.get() + usize::from(!fails));
        prop_assert_eq!(comparable(one.text), comparable(other.text), "{}", document);
        Ok(())
    });
    tried.unwrap();
    assert!(fine.get() > 100, "only {} documents went well", fine.get());
}

/// Without what differs between any two requests: ids, and which error came first.
fn comparable(text: String) -> String {
    let Ok(mut answer) = serde_json::from_str::<Value>(&text) else {
        return text;
    };
    let Some(errors) = answer.get_mut("errors").and_then(Value::as_array_mut) else {
        return text;
    };
    for error in errors.iter_mut() {
        if let Some(extensions) = error.get_mut("extensions") {
            extensions.as_object_mut().map(|it| it.remove("requestId"));
        }
    }
    errors.sort_by_cached_key(ToString::to_string);
    answer.to_string()
}
