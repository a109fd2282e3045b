//! What is asked, byte by byte.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Failure;
use crate::fleet::{self, Tenant};

/// An operation of the workload.
pub(crate) struct Query {
    pub(crate) name: &'static str,
    pub(crate) document: &'static str,
    variables: &'static str,
    /// The transaction that does the same.
    pub(crate) limit: Option<&'static str>,
    /// Whether it leaves rows.
    pub(crate) writes: bool,
    pieces: Vec<Piece>,
    length: usize,
}

/// What a request's body is put together from.
#[derive(Clone)]
enum Piece {
    Text(Vec<u8>),
    Employee,
    Customer,
    Number,
}

/// What is filled in.
#[derive(Clone, Copy)]
pub(crate) struct Filling {
    pub(crate) employee: usize,
    pub(crate) customer: usize,
    /// Of the invoice, which nobody has used before.
    pub(crate) number: usize,
}

const PLACES: [(&str, Piece); 3] = [
    ("@ID@", Piece::Employee),
    ("@CUSTOMER@", Piece::Customer),
    ("@NUM@", Piece::Number),
];

/// The first byte of the ids of employees and of customers.
const EMPLOYEE: u8 = 18;
const CUSTOMER: u8 = 19;
pub(crate) const INVOICE: u8 = 20;

macro_rules! query {
    ($name:literal, $limit:expr) => {
        Query::new(
            $name,
            include_str!(concat!("queries/", $name, ".graphql")),
            include_str!(concat!("queries/", $name, ".json")),
            $limit,
        )
    };
    ($name:literal) => {
        query!(
            $name,
            Some(include_str!(concat!("queries/", $name, ".sql")))
        )
    };
}

/// Those that were asked for.
pub(crate) fn chosen(names: &[String], deep: bool) -> Result<Vec<Query>, Failure> {
    let mut all = vec![
        query!("q1")?,
        query!("q2")?,
        query!("q3")?,
        query!("q4")?,
        query!("deep", None)?,
    ];
    all.retain(|query| match query.name {
        "deep" => deep,
        name => names.iter().any(|one| one == name),
    });
    if all.is_empty() {
        return Err("there are the queries q1, q2, q3 and q4".into());
    }
    Ok(all)
}

impl Query {
    fn new(
        name: &'static str,
        document: &'static str,
        variables: &'static str,
        limit: Option<&'static str>,
    ) -> Result<Self, Failure> {
        let variables_now: Value = serde_json::from_str(variables)?;
        let document_now = document.split_whitespace().collect::<Vec<_>>().join(" ");
        let body = json!({ "query": document_now, "variables": variables_now }).to_string();
        let mut query = Self {
            name,
            document,
            variables,
            limit,
            writes: name == "q4",
            pieces: pieces(&body),
            length: 0,
        };
        let nobody = Tenant::nobody();
        let mut written = Vec::new();
        query.body(&nobody, Filling::FIRST, &mut written);
        query.length = written.len();
        Ok(query)
    }

    /// The whole request, in place of what `to` holds.
    pub(crate) fn request(&self, tenant: &Tenant, filling: Filling, to: &mut Vec<u8>) {
        let Tenant { domain, token, .. } = tenant;
        let length = self.length;
        to.clear();
        for part in [
            "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nX-Tenant-Domain: ",
            domain,
            "\r\nAuthorization: Bearer ",
            token,
            "\r\nContent-Length: ",
            &length.to_string(),
            "\r\n\r\n",
        ] {
            to.extend_from_slice(part.as_bytes());
        }
        self.body(tenant, filling, to);
    }

    /// As long for every tenant and every filling.
    fn body(&self, tenant: &Tenant, filling: Filling, to: &mut Vec<u8>) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => to.extend_from_slice(text),
                Piece::Employee => to.extend(id(EMPLOYEE, tenant, filling.employee).bytes()),
                Piece::Customer => to.extend(id(CUSTOMER, tenant, filling.customer).bytes()),
                Piece::Number => to.extend(filling.invoice(tenant).bytes()),
            }
        }
    }

    /// The variables of one request.
    pub(crate) fn variables(&self, tenant: &Tenant, filling: Filling) -> Result<Value, Failure> {
        let filled = self
            .variables
            .replace("@ID@", &id(EMPLOYEE, tenant, filling.employee))
            .replace("@CUSTOMER@", &id(CUSTOMER, tenant, filling.customer))
            .replace("@NUM@", &filling.invoice(tenant));
        Ok(serde_json::from_str(&filled)?)
    }
}

impl Filling {
    const FIRST: Self = Self {
        employee: 1,
        customer: 1,
        number: 1,
    };

    pub(crate) fn random(number: usize) -> Self {
        Self {
            employee: rand::random_range(1..=100),
            customer: rand::random_range(1..=50),
            number,
        }
    }

    /// What the invoice is called by. No seeded one begins like this.
    pub(crate) fn invoice(&self, tenant: &Tenant) -> String {
        format!("B-{:09}-{}", self.number, tenant.name)
    }
}

/// The global id of a row.
pub(crate) fn id(kind: u8, tenant: &Tenant, row: usize) -> String {
    encode(kind, tenant.id, fleet::row(row))
}

fn encode(kind: u8, realm: Uuid, row: Uuid) -> String {
    let mut bytes = [kind; 33];
    bytes[1..17].copy_from_slice(realm.as_bytes());
    bytes[17..].copy_from_slice(row.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn pieces(body: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = body;
    loop {
        let places = PLACES.iter();
        let found = places.filter_map(|(name, piece)| Some((rest.find(name)?, name.len(), piece)));
        let Some((at, length, piece)) = found.min_by_key(|(at, ..)| *at) else {
            pieces.push(Piece::Text(rest.into()));
            return pieces;
        };
        pieces.extend([Piece::Text(rest[..at].into()), piece.clone()]);
        rest = &rest[at + length..];
    }
}
