//! Whether the entities say what the migrations did: both are read into the same plain values, and compared whole.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::{SchemaName, TableName, TableRef};
use sea_orm::{
    ActiveEnum, ColumnTrait, ColumnType, ConnectionTrait, DbErr, EntityTrait, ForeignKeyAction,
    Iden, IdenStatic, Iterable, PrimaryKeyToColumn, RelationDef, RelationTrait, RelationType,
    Statement,
};

pub type Tables = BTreeMap<String, Table>;

/// A table, as far as an entity can speak of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Type and whether null is allowed.
    pub columns: BTreeMap<String, (String, bool)>,
    pub key: BTreeSet<String>,
    /// Columns that are unique by themselves and in all rows.
    pub unique: BTreeSet<String>,
    /// Column, the table that it refers to, and whether the row goes with that one.
    pub foreign_keys: BTreeSet<(String, String, bool)>,
    /// The words that a column may have.
    pub words: BTreeMap<String, BTreeSet<String>>,
}

pub fn of_shared_entities() -> Tables {
    use entity::shared::{account, audit_event, domain, session, tenant};
    Tables::from([
        table::<account::Entity>()
            .words::<account::Role>("role")
            .done(),
        table::<audit_event::Entity>()
            .words::<audit_event::ActorKind>("actor_kind")
            .words::<audit_event::Outcome>("outcome")
            .done(),
        table::<domain::Entity>().done(),
        table::<session::Entity>().done(),
        table::<tenant::Entity>()
            .words::<tenant::Status>("status")
            .done(),
    ])
}

pub fn of_tenant_entities() -> Tables {
    use entity::tenant::{
        customer, department, employee, invoice, invoice_line, number_series, session, user,
    };
    Tables::from([
        table::<customer::Entity>().done(),
        table::<department::Entity>().done(),
        table::<employee::Entity>().done(),
        table::<invoice::Entity>()
            .words::<invoice::InvoiceStatus>("status")
            .done(),
        table::<invoice_line::Entity>().done(),
        table::<number_series::Entity>().done(),
        table::<session::Entity>().done(),
        table::<user::Entity>().words::<user::Role>("role").done(),
    ])
}

struct Described(&'static str, Table);

impl Described {
    fn words<A: ActiveEnum<Value = String>>(mut self, column: &str) -> Self {
        self.1
            .words
            .insert(column.to_owned(), A::values().into_iter().collect());
        self
    }

    fn done(self) -> (String, Table) {
        (self.0.to_owned(), self.1)
    }
}

fn table<E: EntityTrait + Default>() -> Described {
    let columns = || E::Column::iter().map(|column| (column.as_str().to_owned(), column.def()));
    Described(
        E::default().table_name(),
        Table {
            columns: columns()
                .map(|(name, def)| (name, (type_name(def.get_column_type()), def.is_null())))
                .collect(),
            key: E::PrimaryKey::iter()
                .map(|key| key.into_column().as_str().to_owned())
                .collect(),
            unique: columns()
                .filter(|(_, def)| def.is_unique())
                .map(|(name, _)| name)
                .collect(),
            foreign_keys: E::Relation::iter()
                .map(|relation| relation.def())
                .filter(|relation| relation.rel_type == RelationType::HasOne)
                .map(|relation| foreign_key(&relation))
                .collect(),
            words: BTreeMap::new(),
        },
    )
}

fn foreign_key(relation: &RelationDef) -> (String, String, bool) {
    let to = match &relation.to_tbl {
        TableRef::Table(TableName(Some(SchemaName(_, schema)), table), None) => {
            format!("{schema}.{table}")
        }
        TableRef::Table(TableName(None, table), None) => table.to_string(),
        other => panic!("{other:?} is no plain table"),
    };
    let cascades = matches!(relation.on_delete, Some(ForeignKeyAction::Cascade));
    (relation.from_col.quoted().into_owned(), to, cascades)
}

/// As PostgreSQL's `format_type` calls it. A `String` is text: there is no `varchar` in the house.
fn type_name(column: &ColumnType) -> String {
    match column {
        ColumnType::String(_) | ColumnType::Text => "text".to_owned(),
        ColumnType::Uuid => "uuid".to_owned(),
        ColumnType::Boolean => "boolean".to_owned(),
        ColumnType::Integer => "integer".to_owned(),
        ColumnType::BigInteger => "bigint".to_owned(),
        ColumnType::Date => "date".to_owned(),
        ColumnType::TimestampWithTimeZone => "timestamp with time zone".to_owned(),
        ColumnType::JsonBinary => "jsonb".to_owned(),
        ColumnType::VarBinary(_) | ColumnType::Blob => "bytea".to_owned(),
        ColumnType::Decimal(Some((precision, scale))) => format!("numeric({precision},{scale})"),
        other => format!("{other:?}"),
    }
}

/// The same of what is there. `of` is a schema's name; references within it are named without it, as tenant entities do; those of
/// `shared` with it, as shared entities do.
pub async fn of_schema(db: &impl ConnectionTrait, of: &str) -> Result<Tables, DbErr> {
    let mut tables = Tables::new();
    for row in rows(db, COLUMNS, of).await? {
        let table = tables.entry(row.try_get_by(0)?).or_default();
        table
            .columns
            .insert(row.try_get_by(1)?, (row.try_get_by(2)?, row.try_get_by(3)?));
    }
    for row in rows(db, CONSTRAINTS, of).await? {
        let table = tables.entry(row.try_get_by(0)?).or_default();
        let columns: Vec<String> = row.try_get_by(2)?;
        match (row.try_get_by::<String, _>(1)?.as_str(), &columns[..]) {
            ("p", columns) => table.key.extend(columns.iter().cloned()),
            ("u", [column]) => _ = table.unique.insert(column.clone()),
            ("f", [column]) => {
                let (schema, to): (String, String) = (row.try_get_by(3)?, row.try_get_by(4)?);
                let to = if schema == of && of != "shared" {
                    to
                } else {
                    format!("{schema}.{to}")
                };
                table.foreign_keys.insert((
                    column.clone(),
                    to,
                    row.try_get_by::<String, _>(5)? == "c",
                ));
            }
            ("c", [column]) => {
                let definition: String = row.try_get_by(6)?;
                let words: BTreeSet<_> = definition
                    .split('\'')
                    .skip(1)
                    .step_by(2)
                    .map(str::to_owned)
                    .collect();
                if !words.is_empty() {
                    table.words.insert(column.clone(), words);
                }
            }
            _ => {}
        }
    }
    Ok(tables)
}

/// Foreign keys whose columns lead no index, and constraints and indexes whose names the house didn't give: both should be empty.
pub async fn oddities(db: &impl ConnectionTrait, of: &str) -> Result<Vec<String>, DbErr> {
    rows(db, ODDITIES, of)
        .await?
        .iter()
        .map(|row| row.try_get_by(0))
        .collect()
}

async fn rows(
    db: &impl ConnectionTrait,
    sql: &str,
    of: &str,
) -> Result<Vec<sea_orm::QueryResult>, DbErr> {
    db.query_all_raw(Statement::from_sql_and_values(
        db.get_database_backend(),
        sql,
        [of.into()],
    ))
    .await
}

const COLUMNS: &str = "
    select c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), not a.attnotnull
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped";

const CONSTRAINTS: &str = "
    select c.relname::text, k.contype::text,
           array(select attname::text from pg_attribute where attrelid = c.oid and attnum = any(k.conkey)),
           f.relnamespace::regnamespace::text, f.relname::text, k.confdeltype::text, pg_get_constraintdef(k.oid)
    from pg_constraint k join pg_class c on c.oid = k.conrelid left join pg_class f on f.oid = k.confrelid
    where c.relnamespace = $1::regnamespace";

const ODDITIES: &str = "
    select k.conname || ' has no index' from pg_constraint k
    where k.connamespace = $1::regnamespace and k.contype = 'f' and not exists (
        select from pg_index i where i.indrelid = k.conrelid and i.indpred is null and i.indkey[0] = k.conkey[1])
    union all
    select conname || ' is an odd name' from pg_constraint
    where connamespace = $1::regnamespace and conname !~ case contype
        when 'p' then '_pkey$' when 'u' then '_key$' when 'f' then '_fkey$' else '_check$' end
    union all
    select i.relname || ' is an odd name' from pg_index x join pg_class i on i.oid = x.indexrelid
    where i.relnamespace = $1::regnamespace and i.relname !~ case
        when x.indisprimary then '_pkey$' when x.indisunique then '_key$' else '_idx$' end";
