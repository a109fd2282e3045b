//! Enters what a tenant doesn't have yet, noun by noun.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use futures::{TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::client::{Client, UserError};
use crate::error::{Error, Result};
use crate::shop::{Employee, Shop};

/// How many rows go with one request: as many as an operation may have root fields.
const BATCH: usize = 20;

/// Global ids by what people call a row by.
type Ids = HashMap<String, String>;

pub(crate) async fn load(client: &Client, shop: &Shop, parallel: usize) -> Result<()> {
    let loading = Loader {
        client,
        parallel,
        bar: bar(shop.rows()),
    };
    let loaded = loading.load(shop).await;
    loading.bar.finish_and_clear();
    loaded
}

struct Loader<'a> {
    client: &'a Client,
    parallel: usize,
    bar: ProgressBar,
}

impl Loader<'_> {
    async fn load(&self, shop: &Shop) -> Result<()> {
        if shop.is_empty() {
            return Ok(());
        }
        let departments = shop.departments.iter().map(|name| json!({ "name": name }));
        self.enter("Department", departments.collect()).await?;
        self.employees(shop).await?;
        self.customers(shop).await?;
        self.invoices(shop).await
    }

    /// Managers come before those whom they manage.
    async fn employees(&self, shop: &Shop) -> Result<()> {
        let departments = self.ids("departments", "name").await?;
        let mut ids = self.ids("employees", "number").await?;
        let mut rest: Vec<&Employee> = shop.employees.iter().collect();
        while !rest.is_empty() {
            let known =
                |who: &&Employee| who.reports_to.as_ref().is_none_or(|m| ids.contains_key(m));
            let (next, later): (Vec<_>, Vec<_>) = rest.into_iter().partition(known);
            if next.is_empty() {
                let first = later.first().map_or("", |who| who.number.as_str());
                let message = format!("employee {first} is managed in a circle");
                return Err(Error::Files(message));
            }
            let inputs = next.iter().map(|who| {
                json!({
                    "number": who.number, "name": who.name, "email": who.email, "title": who.title,
                    "departmentId": who.department.as_ref().map(|name| departments.get(name)),
                    "managerId": who.reports_to.as_ref().map(|number| ids.get(number)),
                    "hiredOn": who.hired_on,
                })
            });
            self.enter("Employee", inputs.collect()).await?;
            ids = self.ids("employees", "number").await?;
            rest = later;
        }
        Ok(())
    }

    async fn customers(&self, shop: &Shop) -> Result<()> {
        let inputs = shop.customers.iter().map(|who| {
            json!({
                "number": who.number, "name": who.name, "company": who.company, "email": who.email,
                "phone": who.phone, "address": who.address, "city": who.city, "country": who.country,
            })
        });
        self.enter("Customer", inputs.collect()).await
    }

    async fn invoices(&self, shop: &Shop) -> Result<()> {
        let customers = self.ids("customers", "number").await?;
        let inputs = shop.invoices.iter().map(|invoice| {
            let lines = invoice.lines.iter().map(|line| {
                json!({
                    "description": line.description, "quantity": line.quantity,
                    "unitPrice": line.unit_price.to_string(),
                })
            });
            json!({
                "number": invoice.number, "customerId": customers.get(&invoice.customer),
                "issuedOn": invoice.issued_on, "lines": lines.collect::<Vec<_>>(),
            })
        });
        self.enter("Invoice", inputs.collect()).await
    }

    /// The ids of what is there now.
    async fn ids(&self, list: &str, name: &str) -> Result<Ids> {
        let fields = format!("id name: {name}");
        let (rows, _) = self
            .client
            .all::<HashMap<String, String>>(list, &fields)
            .await?;
        let pair =
            |mut row: HashMap<String, String>| Some((row.remove("name")?, row.remove("id")?));
        Ok(rows.into_iter().filter_map(pair).collect())
    }

    /// Enters rows of one noun, some with one request and several requests at once.
    async fn enter(&self, noun: &str, inputs: Vec<Value>) -> Result<()> {
        stream::iter(inputs.chunks(BATCH).map(Ok))
            .try_for_each_concurrent(self.parallel, |batch| async move {
                self.enter_batch(noun, batch).await?;
                self.bar.inc(batch.len() as u64);
                Ok(())
            })
            .await
    }

    /// One operation, and so one transaction, of which a row that is refused has no part.
    async fn enter_batch(&self, noun: &str, inputs: &[Value]) -> Result<()> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Payload {
            user_errors: Vec<UserError>,
        }
        let (mut arguments, mut fields, mut variables) = (String::new(), String::new(), Map::new());
        for (place, input) in inputs.iter().enumerate() {
            let _ = write!(arguments, "$i{place}: Create{noun}Input! ");
            let _ = write!(
                fields,
                "r{place}: create{noun}(input: $i{place}) {{ ...Outcome }} "
            );
            variables.insert(format!("i{place}"), input.clone());
        }
        let query = format!(
            "mutation Enter({arguments}) {{ {fields} }}
             fragment Outcome on Create{noun}Payload {{ userErrors {{ code message field }} }}"
        );
        let data = self.client.ask(&query, variables.into()).await?;
        let payloads: BTreeMap<String, Payload> = serde_json::from_value(data)?;
        for (place, input) in inputs.iter().enumerate() {
            if let Some(payload) = payloads.get(&format!("r{place}")) {
                check(noun, input, &payload.user_errors)?;
            }
        }
        Ok(())
    }
}

/// A row that somebody else entered meanwhile is fine: what it holds is compared later.
fn check(noun: &str, input: &Value, errors: &[UserError]) -> Result<()> {
    let Some(error) = errors.iter().find(|error| error.code != "TAKEN") else {
        return Ok(());
    };
    let name = input["number"].as_str().or(input["name"].as_str());
    Err(Error::Refused {
        what: format!("{} {}", noun.to_lowercase(), name.unwrap_or_default()),
        why: error.text(),
    })
}

/// On a terminal; nothing elsewhere.
fn bar(rows: usize) -> ProgressBar {
    let bar = ProgressBar::new(rows as u64);
    let style = ProgressStyle::with_template("loading [{bar:40}] {pos}/{len} {eta}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("=> "));
    bar
}
