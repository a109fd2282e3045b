//! Global ids: opaque to clients, they carry the type, the realm and the row.

use async_graphql::ID;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

/// The types that can be asked for by id. The numbers are part of ids that clients have stored: add
/// new ones, never change or re-use one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    Tenant = 1,
    Domain = 2,
    Account = 3,
    AuditEvent = 4,
    User = 16,
    Department = 17,
    Employee = 18,
    Customer = 19,
    Invoice = 20,
    InvoiceLine = 21,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::Tenant,
        Self::Domain,
        Self::Account,
        Self::AuditEvent,
        Self::User,
        Self::Department,
        Self::Employee,
        Self::Customer,
        Self::Invoice,
        Self::InvoiceLine,
    ];
}

/// What an [`ID`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GlobalId {
    pub kind: Kind,
    /// The tenant's id, or nil in the shared realm.
    pub realm: Uuid,
    pub row: Uuid,
}

impl GlobalId {
    pub fn encode(self) -> ID {
        let mut bytes = [0; 33];
        bytes[0] = self.kind as u8;
        bytes[1..17].copy_from_slice(self.realm.as_bytes());
        bytes[17..].copy_from_slice(self.row.as_bytes());
        ID(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// `None` for whatever [`encode`](Self::encode) doesn't give.
    pub fn decode(id: &ID) -> Option<Self> {
        let bytes: [u8; 33] = URL_SAFE_NO_PAD
            .decode(id.as_bytes())
            .ok()?
            .try_into()
            .ok()?;
        let kind = Kind::ALL.into_iter().find(|kind| *kind as u8 == bytes[0])?;
        Some(Self {
            kind,
            realm: Uuid::from_slice(&bytes[1..17]).ok()?,
            row: Uuid::from_slice(&bytes[17..]).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for kind in Kind::ALL {
            let id = GlobalId {
                kind,
                realm: Uuid::now_v7(),
                row: Uuid::now_v7(),
            };
            assert_eq!(GlobalId::decode(&id.encode()), Some(id));
        }
    }

    proptest! {
        #[test]
        fn only_what_was_encoded_is_decoded(text in "\\PC{0,60}|[A-Za-z0-9_-]{44}") {
            let id = ID(text);
            if let Some(decoded) = GlobalId::decode(&id) {
                prop_assert_eq!(decoded.encode(), id);
            }
        }
    }
}
