//! The demo tenants of `insula dev`: shop software for two supermarkets.

use chrono::{NaiveDate, Utc};
use entity::shared::{account, tenant};
use entity::tenant::{department, invoice::InvoiceStatus, user};
use sea_orm::{ActiveModelTrait, EntityTrait, Set};
use tenancy::{Access, OperatorDb};

use super::audit::{Action, Actor, Event};
use super::customers::{self, Contact};
use super::employees::NewEmployee;
use super::error::{Error, Result};
use super::invoices::{NewInvoice, NewLine};
use super::tenants::{self, NewTenant};
use super::{Then, departments, employees, invoices};
use crate::auth::{Caller, Password};
use crate::state::State;

/// The password of everybody in the demo. It is printed at the start, and so protects nothing.
pub const PASSWORD: &str = "insula-demo";

/// Who runs the demo's fleet.
pub const OPERATOR: &str = "operator@insula.test";

/// A demo tenant.
#[derive(Debug)]
pub struct Shop {
    pub slug: &'static str,
    pub label: &'static str,
    name: &'static str,
    street: &'static str,
    city: &'static str,
    employees: [&'static str; 2],
}

pub const SHOPS: [Shop; 2] = [
    Shop {
        slug: "python",
        label: "Python",
        name: "Supermarket Python",
        street: "Guido Street 3",
        city: "Amsterdam",
        employees: ["Cobra", "Viper"],
    },
    Shop {
        slug: "ruby",
        label: "Ruby",
        name: "Supermarket Ruby",
        street: "Matz Avenue 1",
        city: "Matsue",
        employees: ["Diamond", "Emerald"],
    },
];

/// The address by which a demo tenant's owner logs in.
pub fn owner_of(slug: &str) -> String {
    format!("owner@{slug}.test")
}

/// Seeds the demo, once: into a database that has no tenant at all.
pub async fn seed(state: &State, actor: &Actor) -> Result<bool> {
    if tenant::Entity::find()
        .one(&state.operator.shared(Access::Read))
        .await?
        .is_some()
    {
        return Ok(false);
    }
    let password = Password::parse(PASSWORD).map_err(|rule| Error::Internal(rule.to_string()))?;
    let hash = state
        .hasher
        .hash(&password)
        .await
        .map_err(|e| Error::Internal(crate::chain(&e)))?;
    let shared = state.operator.shared(Access::Write);
    let operator = account::ActiveModel {
        email: Set(OPERATOR.to_owned()),
        name: Set("Operator".to_owned()),
        role: Set(account::Role::Operator),
        password_hash: Set(hash.clone()),
        created_at: Set(Utc::now()),
        ..Default::default()
    };
    operator.insert(&shared).await?;
    let hired = Event::new(actor.clone(), Action::AccountCreate);
    hired.with("email", OPERATOR).done(&shared).await?;
    shared.commit().await?;
    for shop in &SHOPS {
        let row = tenants::create(state, &actor.by()?, shop.registration()).await?;
        let tenant = tenants::known(&row)?;
        let db = state.operator.tenant(&tenant, Access::Write);
        shop.stock(&db, actor.caller(), &hash).await?;
        let moved_in = Event::new(actor.clone(), Action::UserCreate).of(&tenant);
        moved_in
            .with("email", owner_of(shop.slug))
            .done(&db)
            .await?;
        db.commit().await?;
    }
    Ok(true)
}

impl Shop {
    fn registration(&self) -> NewTenant {
        NewTenant {
            slug: self.slug.to_owned(),
            name: self.name.to_owned(),
            street: Some(self.street.to_owned()),
            city: Some(self.city.to_owned()),
            domain: None,
        }
    }

    async fn stock(&self, db: &OperatorDb, caller: Caller, hash: &str) -> Result<()> {
        let owner = user::ActiveModel {
            email: Set(owner_of(self.slug)),
            name: Set(format!("Owner of {}", self.name)),
            role: Set(user::Role::Owner),
            password_hash: Set(hash.to_owned()),
            created_at: Set(Utc::now()),
            ..Default::default()
        };
        owner.insert(db).await?;
        let produce = departments::create(db, caller.can()?, "Produce".to_owned()).await?;
        let checkout = departments::create(db, caller.can()?, "Checkout".to_owned()).await?;
        self.hire(db, caller, [&produce, &checkout]).await?;
        self.sell(db, caller).await
    }

    /// The first manages the second.
    async fn hire(
        &self,
        db: &OperatorDb,
        caller: Caller,
        departments: [&department::Model; 2],
    ) -> Result<()> {
        let mut manager = None;
        let titles = ["Manager", "Cashier"];
        for ((name, department), title) in self.employees.iter().zip(departments).zip(titles) {
            let new = NewEmployee {
                name: (*name).to_owned(),
                email: Some(format!("{}@{}.test", name.to_lowercase(), self.slug)),
                title: Some(title.to_owned()),
                department: Some(Some(department.id)),
                manager: manager.map(Some),
                hired_on: NaiveDate::from_ymd_opt(2024, 5, 1).map(Ok),
                ..NewEmployee::default()
            };
            manager = Some(
                employees::create(db, caller.can()?, new, Then::More)
                    .await?
                    .id,
            );
        }
        Ok(())
    }

    async fn sell(&self, db: &OperatorDb, caller: Caller) -> Result<()> {
        for (name, city) in [("Ada Lovelace", "London"), ("Grace Hopper", "New York")] {
            let contact = Contact {
                city: Some(Some(city.to_owned())),
                ..Contact::default()
            };
            let customer = customers::create(
                db,
                caller.can()?,
                None,
                name.to_owned(),
                contact,
                Then::More,
            )
            .await?;
            let invoice = NewInvoice {
                number: None,
                customer: Some(customer.id),
                issued_on: NaiveDate::from_ymd_opt(2026, 1, 31).map(Ok),
                due_on: NaiveDate::from_ymd_opt(2026, 2, 28).map(Ok),
                status: InvoiceStatus::Open,
                lines: vec![
                    line("Apples, a kilogram", 3, 2_99),
                    line("Basket", 1, 12_50),
                ],
            };
            invoices::create(db, caller.can()?, invoice, Then::More).await?;
        }
        Ok(())
    }
}

fn line(description: &str, quantity: i32, cents: i64) -> NewLine {
    NewLine {
        description: description.to_owned(),
        quantity,
        unit_price: Ok(rust_decimal::Decimal::new(cents, 2)),
    }
}
