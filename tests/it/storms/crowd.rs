use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use api::auth::TenantRole;
use futures::{StreamExt, stream};
use http::StatusCode;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tests::{Answer, TestServer, at_last, raw};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How many ask at a time.
pub(super) const AT_ONCE: usize = 250;

/// A tenant, and somebody who asks there.
pub(super) struct Shop<'s> {
    server: &'s TestServer,
    slug: String,
    /// What all its texts end in.
    label: String,
    headers: [String; 2],
    employee: Value,
    customer: Value,
    under_way: Mutex<UnderWay>,
}

/// What was asked and isn't answered, by number.
#[derive(Default)]
struct UnderWay {
    asked: u64,
    open: BTreeSet<u64>,
}

/// Many requests.
pub(super) struct Storm {
    /// What the numbers of its invoices begin with.
    pub(super) name: &'static str,
    pub(super) requests: usize,
    /// Of so many, one waits for the answer and the others leave.
    pub(super) leavers: usize,
    /// Whether some write.
    pub(super) writes: bool,
}

/// What came of a tenant's requests: how often each status with each code.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    counts: BTreeMap<String, usize>,
    /// The numbers of invoices that are there for sure.
    promised: BTreeSet<String>,
}

impl<'s> Shop<'s> {
    /// The owner of a demo shop.
    pub(super) async fn of(server: &'s TestServer, slug: &str) -> Self {
        let owner = server.people().user(slug, TenantRole::Owner);
        Self::labelled(server, (slug, slug), &server.token(&owner)).await
    }

    /// Somebody at a tenant whose texts are labelled so.
    pub(super) async fn labelled(
        server: &'s TestServer,
        (slug, label): (&str, &str),
        token: &str,
    ) -> Self {
        let client = server.tenant(slug).bearing(token);
        let twin = async |plural: &str| {
            let named = format!("filter: {{ name: {{ eq: \"Twin of {label}\" }} }}");
            let document = format!("{{ {plural}({named}) {{ nodes {{ id }} }} }}");
            client
                .query(&document)
                .await
                .at(&format!("{plural}.nodes.0.id"))
        };
        Self {
            server,
            slug: slug.to_owned(),
            label: label.to_owned(),
            headers: [
                format!("host: {slug}.localhost"),
                format!("authorization: Bearer {token}"),
            ],
            employee: twin("employees").await,
            customer: twin("customers").await,
            under_way: Mutex::default(),
        }
    }

    /// One of the things that clients ask; the last is a write.
    fn document(&self, kind: usize, number: &str) -> String {
        let (employee, customer, label) = (&self.employee, &self.customer, &self.label);
        let line = format!("{{ description: \"Line of {label}\", quantity: 1, unitPrice: \"2\" }}");
        match kind {
            0 => format!("{{ employee(id: {employee}) {{ name }} }}"),
            1 => "{ employees(last: 20) { nodes { name department { name } reports(first: 2) { nodes { name } } } } }".to_owned(),
            2 => "{ invoices(first: 5) { nodes { number customer { name } lines { description } } }
                departments(last: 1) { nodes { name } } }".to_owned(),
            _ => format!(
                "mutation {{ createInvoice(input: {{ customerId: {customer}, number: \"{number}\", lines: [{line}, {line}, {line}] }})
                    {{ invoice {{ number customer {{ name }} }} userErrors {{ message }} }} }}"
            ),
        }
    }

    /// Asks and waits for the answer, which is of this tenant or a refusal.
    async fn ask(&self, document: &str) -> Answer {
        let number = self.begin();
        let answer = raw::send(self.server.addr, self.request(document).as_bytes()).await;
        self.under_way.lock().unwrap().open.remove(&number);
        if answer.status == StatusCode::OK {
            self.assert_own(&answer);
        }
        answer
    }

    fn request(&self, document: &str) -> String {
        let headers = self.headers.each_ref().map(String::as_str);
        raw::post(&headers, document)
    }

    fn begin(&self) -> u64 {
        let mut under_way = self.under_way.lock().unwrap();
        under_way.asked += 1;
        let number = under_way.asked;
        under_way.open.insert(number);
        number
    }

    /// Every text is labelled as this tenant's, and there are some.
    fn assert_own(&self, answer: &Answer) {
        assert!(answer.json().get("errors").is_none(), "{}", answer.text);
        let labels = answer.text.split(" of ").skip(1);
        let labels: BTreeSet<_> = labels.filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(
            labels,
            BTreeSet::from([self.label.as_str()]),
            "{}",
            answer.text
        );
    }

    /// The twin, with nothing wrong.
    pub(super) async fn assert_served(&self) {
        let answer = self.ask(&self.document(0, "")).await;
        assert_eq!(
            answer.at("employee.name"),
            json!(format!("Twin of {}", self.label))
        );
    }

    /// Waits until everything is answered that is asked by now.
    pub(super) async fn drained(&self) {
        let asked = self.under_way.lock().unwrap().asked;
        let oldest = async || self.under_way.lock().unwrap().open.first().copied();
        let answered = |oldest: &Option<u64>| oldest.is_none_or(|oldest| oldest > asked);
        assert!(answered(&at_last(oldest, answered).await));
    }

    /// Waits until there were some more answers.
    pub(super) async fn went_on(&self) {
        let asked = async || self.under_way.lock().unwrap().asked;
        let enough = asked().await + 10;
        at_last(asked, |asked| *asked >= enough).await;
        self.drained().await;
    }

    /// Sends a request, or a part of it, and is gone before, while or after it is answered: at the
    /// latest when about half as many others had a connection as wait for one.
    async fn leave(&self, document: &str, random: &mut StdRng) {
        let request = self.request(document);
        let is_whole = random.random_range(0..5) > 0;
        let sent = if is_whole {
            request.len()
        } else {
            random.random_range(0..request.len())
        };
        let leases = || self.server.state.database.gauges().leases;
        let others = if is_whole {
            random.random_range(0..AT_ONCE as u64 / 2)
        } else {
            0
        };
        let last = leases() + others;
        let mut stream = TcpStream::connect(self.server.addr).await.unwrap();
        stream.write_all(&request.as_bytes()[..sent]).await.unwrap();
        loop {
            let pause = Duration::from_micros(random.random_range(0..20_000));
            // Whoever has the first byte of the answer leaves in its middle.
            let answered = timeout(pause, stream.read_u8()).await.is_ok();
            if answered || leases() >= last {
                return;
            }
        }
    }

    /// Every invoice of the storm is whole, and those that were promised are there.
    async fn assert_whole(&self, storm: &str, promised: &BTreeSet<String>) {
        let invoices = format!(
            "SELECT number, total::float8, count(l.id) AS lines, bool_and(l.description = 'Line of {}') AS own
             FROM invoice i LEFT JOIN invoice_line l ON l.invoice_id = i.id
             WHERE number LIKE '{storm}-%' GROUP BY i.id",
            self.label
        );
        let rows = self.server.sql(&self.slug).rows(&invoices).await;
        for row in &rows {
            let whole = row["total"] == 6.0 && row["lines"] == 3 && row["own"] == true;
            assert!(whole, "{row}");
        }
        let numbers = rows.iter().filter_map(|row| row["number"].as_str());
        let numbers: BTreeSet<_> = numbers.map(str::to_owned).collect();
        let missing: Vec<_> = promised.difference(&numbers).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}

impl Storm {
    /// What came of it at each shop.
    pub(super) async fn over(&self, shops: &[Shop<'_>]) -> Vec<Outcomes> {
        let asked = stream::iter(0..self.requests).map(async |n| self.nth(n, shops).await);
        let mut outcomes: Vec<_> = shops.iter().map(|_| Outcomes::default()).collect();
        let mut answers = asked.buffer_unordered(AT_ONCE);
        while let Some((place, answer)) = answers.next().await {
            if let Some((answer, invoice)) = answer {
                outcomes[place].note(&answer, invoice);
            }
        }
        if self.writes {
            for (shop, outcomes) in shops.iter().zip(&outcomes) {
                shop.assert_whole(self.name, &outcomes.promised).await;
            }
        }
        outcomes
    }

    /// Where the request of this number went; and, unless nobody waited, the answer and the number
    /// of the invoice that it was to make.
    async fn nth(&self, n: usize, shops: &[Shop<'_>]) -> (usize, Option<(Answer, Option<String>)>) {
        let mut random = StdRng::seed_from_u64(n as u64);
        let place = random.random_range(0..shops.len());
        let kind = random.random_range(0..if self.writes { 4 } else { 3 });
        let number = format!("{}-{n}", self.name);
        let document = shops[place].document(kind, &number);
        if !n.is_multiple_of(self.leavers) {
            shops[place].leave(&document, &mut random).await;
            return (place, None);
        }
        let answer = shops[place].ask(&document).await;
        (place, Some((answer, (kind == 3).then_some(number))))
    }
}

impl Outcomes {
    fn note(&mut self, answer: &Answer, invoice: Option<String>) {
        let outcome = format!("{} {}", answer.status.as_u16(), answer.codes().join(" "));
        let outcome = outcome.trim_end().to_owned();
        *self.counts.entry(outcome).or_default() += 1;
        if answer.status == StatusCode::OK {
            self.promised.extend(invoice);
        }
    }

    pub(super) fn add(&mut self, more: &Self) {
        for (outcome, count) in &more.counts {
            *self.counts.entry(outcome.clone()).or_default() += count;
        }
    }

    /// How often it went well, and how often not. Beside that nothing but these refusals came.
    #[track_caller]
    pub(super) fn fine_or(&self, refusals: &[&str]) -> (usize, usize) {
        let counts = &self.counts;
        let known = |outcome: &str| outcome == "200" || refusals.contains(&outcome);
        assert!(counts.keys().all(|outcome| known(outcome)), "{counts:?}");
        let fine = counts.get("200").copied().unwrap_or_default();
        (fine, counts.values().sum::<usize>() - fine)
    }

    pub(super) fn count(&self, outcome: &str) -> usize {
        self.counts.get(outcome).copied().unwrap_or_default()
    }
}
