//! What every type that stands for a row has in common.

use async_graphql::{ID, OutputType};
use sea_orm::{EntityTrait, ModelTrait};
use tenancy::Scoped;

use super::context::{Realm, Request};
use super::ids::{GlobalId, Kind};

/// A GraphQL object that is a row.
pub trait Noun: OutputType + Send + Sync + Sized + 'static {
    /// Its table.
    type Entity: EntityTrait<Model: ModelTrait<Entity = Self::Entity> + Send + Sync>;
    /// What its ids are marked with.
    const KIND: Kind;
    /// The name of its type, from which `…Connection` and `…Edge` are made.
    const NAME: &'static str;
    /// The column of its key.
    const KEY: <Self::Entity as EntityTrait>::Column;

    fn from_row(row: <Self::Entity as EntityTrait>::Model) -> Self;
}

/// Declares the object of a row: `noun!(Employee, employee)` makes `struct Employee(employee::Model)`.
macro_rules! noun {
    ($(#[$doc:meta])* $name:ident, $entity:path) => {
        #[derive(Debug, Clone)]
        pub struct $name(pub <$entity as sea_orm::EntityTrait>::Model);

        impl $crate::graphql::noun::Noun for $name {
            type Entity = $entity;
            const KIND: $crate::graphql::ids::Kind = $crate::graphql::ids::Kind::$name;
            const NAME: &'static str = stringify!($name);
            const KEY: <$entity as sea_orm::EntityTrait>::Column =
                <$entity as sea_orm::EntityTrait>::Column::Id;

            fn from_row(row: <$entity as sea_orm::EntityTrait>::Model) -> Self {
                Self(row)
            }
        }
    };
}
pub(crate) use noun;

impl<R: Realm> Request<R> {
    /// The global id of a row of this realm.
    pub fn global_id<N: Noun>(&self, row: uuid::Uuid) -> ID {
        GlobalId {
            kind: N::KIND,
            realm: self.realm_id(),
            row,
        }
        .encode()
    }

    /// The row that an id means, if it is one of this type and of this realm.
    pub fn local_id<N: Noun>(&self, id: &ID) -> Option<uuid::Uuid> {
        let own = self.own(id)?;
        (own.kind == N::KIND).then_some(own.row)
    }

    /// What an id says, if it is one of this realm. An id of another realm finds nothing, as one that
    /// is no id does; but nobody comes by it here, so that it is told of.
    pub fn own(&self, id: &ID) -> Option<GlobalId> {
        let decoded = GlobalId::decode(id)?;
        if decoded.realm == self.realm_id() {
            return Some(decoded);
        }
        self.tell_of_foreign_id(&decoded);
        None
    }

    /// The row of this id, `None` where it is not there or not this realm's.
    pub async fn by_id<N: Noun>(&self, db: &Scoped<R>, id: &ID) -> super::Result<Option<N>>
    where
        <<N::Entity as EntityTrait>::PrimaryKey as sea_orm::PrimaryKeyTrait>::ValueType:
            From<uuid::Uuid>,
    {
        let Some(row) = self.local_id::<N>(id) else {
            return Ok(None);
        };
        let found = <N::Entity as EntityTrait>::find_by_id(row).one(db).await?;
        Ok(found.map(N::from_row))
    }
}
