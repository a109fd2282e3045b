//! Where probes are tried: rows in both tenants, somebody who asks, and a look at everything afterwards.

use std::collections::BTreeSet;

use api::auth::TenantRole;
use tests::inside::told;
use tests::{Client, TestServer};
use uuid::Uuid;

use super::attempt::{Outcome, YES};
use super::declare::{Operation, Probe, Probes};
use super::realm::{HOME, NEIGHBOUR, Newcomer, Realm, Who};
use super::words::{Keys, Words, keys};
use super::world::World;

pub(super) struct Stage<'s> {
    pub(super) server: &'s TestServer,
    pub(super) realm: Realm,
    /// What was not as it should be.
    pub(super) wrong: Vec<String>,
    probes: &'s Probes,
    /// How many sets of rows were entered so far.
    sets: usize,
    /// The keys that are in both tenants, and those that are at the neighbour's alone.
    here: Keys,
    elsewhere: Keys,
    world: World,
    /// What only the neighbour's rows hold.
    secrets: BTreeSet<String>,
}

impl<'s> Stage<'s> {
    pub(super) async fn set(server: &'s TestServer, realm: Realm, probes: &'s Probes) -> Self {
        let secrets = texts(server, NEIGHBOUR).await;
        let ours = texts(server, HOME).await;
        let mut stage = Self {
            server,
            realm,
            wrong: Vec::new(),
            probes,
            sets: 0,
            here: Keys::new(),
            elsewhere: Keys::new(),
            world: World::look(server).await,
            secrets: secrets.difference(&ours).cloned().collect(),
        };
        stage.enter_rows().await;
        stage
    }

    /// Enters a set of rows with equal keys in both tenants, and one at the neighbour's alone.
    async fn enter_rows(&mut self) {
        self.sets += 1;
        (self.here, self.elsewhere) = (self.keys(), self.keys());
        let (here, elsewhere) = (self.words(HOME), self.words(NEIGHBOUR));
        let twin = Words::of(NEIGHBOUR, &self.slug(HOME));
        match self.realm {
            Realm::Tenant => {
                for (slug, words, keys) in [
                    (HOME, here, &self.here),
                    (NEIGHBOUR, twin, &self.here),
                    (NEIGHBOUR, elsewhere, &self.elsewhere),
                ] {
                    let rows = self.rows(&words.with_keys(keys));
                    self.server.sql(slug).run(&rows).await;
                }
            }
            Realm::Shared => {
                let rows = self.rows(&here.with_keys(&self.here));
                self.server.shared_sql().run(&rows).await;
            }
        }
        self.world = World::look(self.server).await;
    }

    /// One statement for all nouns, so that their order doesn't matter to foreign keys.
    fn rows(&self, words: &Words) -> String {
        let rows = self.probes.rows.iter().enumerate();
        let part =
            |(place, (_, row)): (usize, &(_, &str))| format!("r{place} AS ({})", words.fill(row));
        let parts: Vec<_> = rows.map(part).collect();
        format!("WITH {} SELECT 1", parts.join(", "))
    }

    fn keys(&self) -> Keys {
        keys(self.probes.rows.iter().map(|(kind, _)| *kind))
    }

    fn slug(&self, tenant: &str) -> String {
        let word = if tenant == HOME { "probe" } else { "elsewhere" };
        format!("{word}-{}", self.sets)
    }

    fn words(&self, tenant: &str) -> Words {
        Words::of(tenant, &self.slug(tenant))
    }

    /// Whoever has the greatest role of this realm.
    pub(super) fn greatest(&self) -> Who {
        let roles = self.realm.roles();
        roles.last().expect("a realm has roles").1
    }

    /// Somebody of the realm who is about to try a probe, and the words for it.
    pub(super) async fn prepare(&mut self, probe: &Probe, who: Who) -> (Client<'s>, Words) {
        let mark = self.realm.mark(self.server);
        let words = self.words(HOME).with_ids(&self.here, mark);
        self.enlist(probe, who, self.realm.at(self.server), words)
            .await
    }

    /// The neighbour's owner, with the words for what is there alone.
    pub(super) async fn prepare_owner(&mut self, probe: &Probe) -> (Client<'s>, Words) {
        let mark = self.server.people().tenant(NEIGHBOUR).id.as_uuid();
        let words = self.words(NEIGHBOUR).with_ids(&self.elsewhere, mark);
        let who = Who::User(NEIGHBOUR, TenantRole::Owner);
        self.enlist(probe, who, self.server.tenant(NEIGHBOUR), words)
            .await
    }

    async fn enlist(
        &mut self,
        probe: &Probe,
        who: Who,
        client: Client<'s>,
        words: Words,
    ) -> (Client<'s>, Words) {
        if !probe.by_newcomer {
            let principal = who.principal(self.server);
            let client = match &principal {
                Some(principal) => client.as_principal(principal),
                None => client,
            };
            return (client, words);
        }
        let newcomer = self.newcomer(who).await;
        let client = match who {
            Who::Nobody => client,
            _ => client.bearing(&newcomer.access),
        };
        let words = words.and("$email", &newcomer.email);
        (client, words.and("$refresh", &newcomer.refresh))
    }

    async fn newcomer(&mut self, who: Who) -> Newcomer {
        let who = match (who, self.realm) {
            (Who::Nobody, _) => self.realm.roles()[1].1,
            (who, _) => who,
        };
        let newcomer = who.newcomer(self.server).await;
        self.world = World::look(self.server).await;
        newcomer
    }

    /// What is somebody else's: as it is given there, the same where we have a row of that key too, marked as if it were ours; and what
    /// never was anybody's.
    pub(super) async fn foreign(&mut self, probe: &Probe) -> [Words; 4] {
        let (slug, keys) = match self.realm {
            Realm::Tenant => (NEIGHBOUR, self.elsewhere.clone()),
            Realm::Shared => (HOME, self.keys()),
        };
        let theirs = self.server.people().tenant(slug).id.as_uuid();
        let mark = self.realm.mark(self.server);
        let never = self.keys();
        let mut spellings = [
            (&keys, theirs),
            (&self.here, theirs),
            (&keys, mark),
            (&never, mark),
        ]
        .map(|(keys, mark)| Words::default().with_ids(keys, mark));
        if probe.by_newcomer {
            let them = self.newcomer(Who::User(slug, TenantRole::Owner)).await;
            let nobody = them.nobody();
            for (words, person) in spellings.iter_mut().zip([&them, &them, &them, &nobody]) {
                let known = words.clone().and("$email", &person.email);
                *words = known.and("$refresh", &person.refresh);
            }
        }
        spellings
    }

    /// Notes what is wrong with what came of an attempt, and with the tables after it.
    pub(super) async fn judge(
        &mut self,
        (probe, name): (&Probe, &str),
        outcome: &Outcome,
        expected: &[&str],
    ) {
        let (field, text) = (probe.name(), &outcome.answer.text);
        let mut note = |what: String| self.wrong.push(format!("{field} by {name}: {what}"));
        if !expected.contains(&outcome.word.as_str()) {
            let word = &outcome.word;
            note(format!("{word} instead of {}: {text}", expected.join(", ")));
        }
        let inside = told(&outcome.answer);
        if !inside.is_empty() {
            note(format!("its errors tell of {}: {text}", inside.join(", ")));
        }
        let now = World::look(self.server).await;
        let changes = now.changes(&self.world);
        let may_change = outcome.word == YES && probe.operation == Operation::Mutation;
        if may_change && changes.is_empty() {
            note("it says that it did something, and no row is another".to_owned());
        }
        self.world = now;
        if !changes.is_empty() {
            self.enter_rows().await;
        }
        self.judge_changes((probe, name), &changes, may_change);
    }

    fn judge_changes(&mut self, (probe, name): (&Probe, &str), changes: &[String], may: bool) {
        let owner_at_home = name == OWNER_ELSEWHERE;
        let schema = match self.realm {
            Realm::Tenant if owner_at_home => self.server.sql(NEIGHBOUR).schema().to_owned(),
            realm => realm.schema(self.server),
        };
        let tenants = [HOME, NEIGHBOUR].map(|slug| self.server.sql(slug).schema().to_owned());
        let is_ours = |table: &String| {
            let of = |schema: &String| table.starts_with(&format!("{schema}."));
            of(&schema) || (self.realm == Realm::Shared && !tenants.iter().any(of))
        };
        let mut strays = changes.iter().filter(|table| !may || !is_ours(table));
        if let Some(stray) = strays.next() {
            let what = format!("{} by {name}: it changed {stray}", probe.name());
            self.wrong.push(what);
        }
    }

    /// Notes where an answer at home holds what is the neighbour's.
    pub(super) fn judge_secrets(&mut self, probe: &Probe, outcome: &Outcome) {
        let text = &outcome.answer.text;
        let theirs = format!(" of {NEIGHBOUR}");
        let known = self.secrets.iter().chain([&theirs]);
        for secret in known.filter(|secret| text.contains(*secret)) {
            let what = format!("{} shows the neighbour's {secret:?}: {text}", probe.name());
            self.wrong.push(what);
        }
    }
}

/// The neighbour's owner, who succeeds where others may not.
pub(super) const OWNER_ELSEWHERE: &str = "the owner of what is elsewhere";

/// Every text that is worth noticing in a tenant's rows.
async fn texts(server: &TestServer, slug: &str) -> BTreeSet<String> {
    let sql = server.sql(slug);
    let tables = format!(
        "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = '{}'",
        sql.schema()
    );
    let tables = sql.rows(&tables).await;
    let each: Vec<_> = tables
        .iter()
        .map(|table| {
            format!(
                "SELECT v.value FROM {} r, jsonb_each_text(to_jsonb(r)) v
                 WHERE length(v.value) > 4 AND v.value ~ '[A-Za-z]'",
                table["name"]
            )
        })
        .collect();
    let values = sql.rows(&each.join(" UNION ")).await;
    let text = |row: &serde_json::Value| row["value"].as_str().unwrap().to_owned();
    values.iter().map(text).collect()
}

impl Newcomer {
    /// Somebody of the same kind who was never there.
    fn nobody(&self) -> Self {
        let (token, _) = self.refresh.split_once('.').expect("a refresh token");
        Self {
            email: format!("nobody-{}", self.email),
            access: String::new(),
            refresh: format!("{token}.{}", Uuid::now_v7().simple()),
        }
    }
}
