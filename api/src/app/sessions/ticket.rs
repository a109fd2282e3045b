//! The text that a client keeps for a session: the session's id beside a refresh token.

use uuid::Uuid;

use crate::auth::RefreshToken;

/// A refresh token and the session that it belongs to.
///
/// The id is there for the tokens that are older than the one before: their hashes are forgotten, and
/// without the id nobody could tell whose theft they give away.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) session: Uuid,
    pub(super) token: RefreshToken,
}

impl Ticket {
    /// The next ticket of this session.
    pub(super) fn for_session(session: Uuid) -> Self {
        Self {
            session,
            token: RefreshToken::generate(),
        }
    }

    /// The ticket, if the text is one, in its one spelling.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (token, session) = text.split_once('.')?;
        let ticket = Self {
            session: Uuid::try_parse(session).ok()?,
            token: RefreshToken::parse(token).ok()?,
        };
        (ticket.session.simple().to_string() == session).then_some(ticket)
    }

    /// The text for the client.
    pub(super) fn reveal(&self) -> String {
        format!("{}.{}", self.token.reveal(), self.session.simple())
    }

    /// What the database keeps.
    pub(super) fn hash(&self) -> Vec<u8> {
        self.token.hash().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_text_leads_back_to_the_same_session_and_token() {
        let session = Uuid::now_v7();
        let ticket = Ticket::for_session(session);
        let back = Ticket::parse(&ticket.reveal()).unwrap();
        assert_eq!((back.session, back.hash()), (session, ticket.hash()));
    }

    #[test]
    fn every_ticket_of_a_session_is_another() {
        let session = Uuid::now_v7();
        let [one, two] = [Ticket::for_session(session), Ticket::for_session(session)];
        assert_ne!(one.hash(), two.hash());
    }

    #[test]
    fn a_text_has_one_spelling() {
        let session = Uuid::now_v7();
        let token = RefreshToken::generate().reveal();
        let simple = session.simple().to_string();
        assert!(Ticket::parse(&format!("{token}.{simple}")).is_some());
        for text in [
            String::new(),
            ".".into(),
            token.clone(),
            format!("{token}."),
            format!(".{simple}"),
            format!("{simple}.{token}"),
            format!("{token}.{session}"),
            format!("{token}.{{{session}}}"),
            format!("{token}.{}", simple.to_uppercase()),
            format!("{token}.{simple}."),
            format!(" {token}.{simple}"),
            format!("{token}.{simple}\n"),
        ] {
            assert!(Ticket::parse(&text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn debug_hides_the_token() {
        let ticket = Ticket::for_session(Uuid::now_v7());
        let shown = format!("{ticket:?}");
        assert!(!shown.contains(&ticket.token.reveal()[3..]), "{shown}");
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_the_one_spelling(text in "(rt_)?[A-Za-z0-9_-]{43}\\.[0-9a-fA-F-]{32,36}|\\PC*") {
            if let Some(ticket) = Ticket::parse(&text) {
                prop_assert_eq!(ticket.reveal(), text);
            }
        }
    }
}
