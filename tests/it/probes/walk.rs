//! The walk through a realm: every probe, tried by everybody.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::TestServer;

use super::attempt::{self, Outcome, YES};
use super::declare::{Probe, Probes, references};
use super::realm::Realm;
use super::stage::{OWNER_ELSEWHERE, Stage};
use super::surface::Surface;
use super::words::Words;

/// What came of all probes of a realm.
pub(super) struct Seen {
    /// A row for each probe: its name, and a word for each who tried.
    pub(super) rows: Vec<Vec<String>>,
    /// What was not as it should be.
    pub(super) wrong: Vec<String>,
}

/// Tries every probe of a realm.
pub(super) async fn walk(realm: Realm) -> Seen {
    let server = TestServer::start().await;
    through(&server, realm, &realm.probes()).await
}

/// Tries these probes.
pub(super) async fn through(server: &TestServer, realm: Realm, probes: &Probes) -> Seen {
    let surface = Surface::read(&realm.sdl());
    let mut walk = Walk {
        stage: Stage::set(server, realm, probes).await,
        document: String::new(),
    };
    let mut rows = Vec::new();
    for probe in &probes.probes {
        walk.document = surface.document(probe);
        let mut row = vec![probe.name()];
        row.extend(walk.by_roles(probe).await);
        row.extend(walk.by_strangers(probe).await);
        row.push(walk.by_foreign_ids(probe).await);
        rows.push(row);
    }
    Seen {
        rows,
        wrong: walk.stage.wrong,
    }
}

struct Walk<'s> {
    stage: Stage<'s>,
    /// What is asked now.
    document: String,
}

impl Walk<'_> {
    /// Each role of the realm tries. Whoever may sees what is there; all others are told why not.
    async fn by_roles(&mut self, probe: &Probe) -> Vec<String> {
        let mut row = Vec::new();
        for (place, (name, who)) in self.stage.realm.roles().into_iter().enumerate() {
            let expected = match place {
                place if place >= probe.least.0 => YES,
                0 => "UNAUTHENTICATED",
                _ => "FORBIDDEN",
            };
            let mut word = String::new();
            for arguments in &probe.arguments {
                let (client, words) = self.stage.prepare(probe, who).await;
                let filled = words.fill_in(arguments);
                let tried = (probe, &words);
                let outcome = attempt::ask(&client, &self.document, &filled, tried).await;
                self.stage.judge_secrets(probe, &outcome);
                self.judge(probe, name, &outcome, &[expected]).await;
                word = outcome.word;
            }
            row.push(word);
        }
        row
    }

    /// Those try whose token is good, but somewhere else.
    async fn by_strangers(&mut self, probe: &Probe) -> Vec<String> {
        let (server, realm) = (self.stage.server, self.stage.realm);
        let mut row = Vec::new();
        for (name, who) in realm.strangers() {
            let (_, words) = self.stage.prepare(probe, self.stage.greatest()).await;
            let principal = who.principal(server).expect("somebody with a token");
            let client = realm.at(server).as_principal(&principal);
            let arguments = words.fill_in(&probe.arguments[0]);
            let tried = (probe, &words);
            let outcome = attempt::ask(&client, &self.document, &arguments, tried).await;
            self.stage.judge_secrets(probe, &outcome);
            self.judge(probe, name, &outcome, &["401 UNAUTHENTICATED"])
                .await;
            row.push(outcome.word);
        }
        row
    }

    /// The greatest of the realm tries with what is somebody else's, in each place of the arguments; then whoever owns it.
    async fn by_foreign_ids(&mut self, probe: &Probe) -> String {
        let mut word = "–".to_owned();
        for arguments in &probe.arguments {
            for place in references(arguments) {
                word = self.by_foreign_id(probe, arguments, &place).await;
            }
            if word != "–" && self.stage.realm == Realm::Tenant {
                self.by_its_owner(probe, arguments).await;
            }
        }
        word
    }

    /// The answers to what is somebody else's and to what is nobody's are the same to the byte.
    async fn by_foreign_id(&mut self, probe: &Probe, arguments: &Value, place: &str) -> String {
        let mut answers = BTreeSet::new();
        let mut word = String::new();
        for foreign in self.stage.foreign(probe).await {
            let (client, words) = self.stage.prepare(probe, self.stage.greatest()).await;
            let filled = with_foreign(arguments, place, (&words, &foreign));
            let tried = (probe, &words);
            let outcome = attempt::ask(&client, &self.document, &filled, tried).await;
            let expected = ["nothing", "NOT_FOUND", "INVALID_CREDENTIALS"];
            self.stage.judge_secrets(probe, &outcome);
            let name = format!("the greatest, with somebody else's {place}");
            self.judge(probe, &name, &outcome, &expected).await;
            answers.insert(outcome.answer.text);
            word = outcome.word;
        }
        if answers.len() != 1 {
            let name = probe.name();
            let what = format!("{name} tells somebody else's {place} from nobody's: {answers:?}");
            self.stage.wrong.push(what);
        }
        word
    }

    async fn by_its_owner(&mut self, probe: &Probe, arguments: &Value) {
        let (client, words) = self.stage.prepare_owner(probe).await;
        let filled = words.fill_in(arguments);
        let tried = (probe, &words);
        let outcome = attempt::ask(&client, &self.document, &filled, tried).await;
        self.judge(probe, OWNER_ELSEWHERE, &outcome, &[YES]).await;
    }

    async fn judge(&mut self, probe: &Probe, name: &str, outcome: &Outcome, expected: &[&str]) {
        self.stage.judge((probe, name), outcome, expected).await;
    }
}

/// Arguments that are one's own, but for one place.
fn with_foreign(arguments: &Value, place: &str, (own, foreign): (&Words, &Words)) -> Value {
    let mut filled = own.fill_in(arguments);
    let word = arguments
        .pointer(place)
        .expect("a place of these arguments");
    let spot = filled.pointer_mut(place).expect("the same place");
    *spot = foreign.fill_in(word);
    filled
}
