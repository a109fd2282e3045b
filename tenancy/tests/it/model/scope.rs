use rand::RngExt;
use rand::rngs::StdRng;
use sea_orm::{ConnectionTrait, DbErr, Statement, TransactionTrait, Value};
use tenancy::{Access, ActiveTenant, Database, Error, Nested, TenantDb, TenantRealm};
use uuid::Uuid;

use super::plot::{Plot, Rows, begin_with_rows, only_rows, rows, stamp};
use crate::support::{polled, run as execute, with};

/// The ids of all rows of all tenants.
const IDS: u128 = 6;

/// A scope at work, and what must be seen in it.
struct Work<'p> {
    db: TenantDb,
    access: Access,
    plot: &'p mut Plot,
    /// As they are inside the innermost savepoint.
    rows: Rows,
    /// The open savepoints, each with the rows as they were at its begin.
    marks: Vec<(Nested<TenantRealm>, Rows)>,
    /// Of no more use: a statement outside of all savepoints failed.
    dead: bool,
    /// The next statement first undoes a savepoint that was dropped.
    untidy: bool,
}

/// Does some things in one scope and ends it in one of its ways; answers how many steps it took.
pub(super) async fn run(
    database: &Database,
    tenant: &ActiveTenant,
    plot: &mut Plot,
    random: &mut StdRng,
) -> usize {
    if random.random_ratio(1, 3) {
        return glance(database, tenant, plot, random).await;
    }
    let access = [Access::Read, Access::Write, Access::Write][random.random_range(0..3)];
    plot.note(format!("enter {access:?}"));
    let mut work = Work {
        db: database.tenant(tenant, access),
        access,
        rows: plot.rows.clone(),
        plot,
        marks: Vec::new(),
        dead: false,
        untidy: false,
    };
    let steps = random.random_range(1..8);
    for _ in 0..steps {
        work.step(random).await;
    }
    if let Some(perhaps) = work.end(random).await {
        settle(database, tenant, plot, perhaps).await;
    }
    // And entering, and leaving.
    steps + 2
}

/// Asks for nothing but all rows, and perhaps doesn't wait for them; others may ask in the same flight.
async fn glance(
    database: &Database,
    tenant: &ActiveTenant,
    plot: &mut Plot,
    random: &mut StdRng,
) -> usize {
    let db = database.tenant(tenant, Access::Read);
    match polled(patience(random), only_rows(&db)).await {
        Some(seen) => {
            plot.note("glance");
            plot.assert_rows(&seen.unwrap(), &plot.rows);
            assert!(only_rows(&db).await.is_err(), "{}", plot.story());
        }
        None => plot.note("glance cancelled"),
    }
    1
}

/// How often somebody asks for an answer, who perhaps leaves.
fn patience(random: &mut StdRng) -> usize {
    if random.random_ratio(1, 4) {
        random.random_range(1..6)
    } else {
        usize::MAX
    }
}

/// Finds out whether a commit came through for whose answer nobody waited.
async fn settle(database: &Database, tenant: &ActiveTenant, plot: &mut Plot, perhaps: Rows) {
    let db = database.tenant(tenant, Access::Write);
    // Whoever wrote holds a lock on the table until the end.
    let wait = "LOCK TABLE employee IN SHARE ROW EXCLUSIVE MODE";
    execute(&db, wait).await.unwrap();
    let seen = rows(&db).await.unwrap();
    plot.note("which was seen");
    if seen == perhaps {
        plot.rows = perhaps;
    }
    plot.assert_rows(&seen, &plot.rows);
}

impl Work<'_> {
    async fn step(&mut self, random: &mut StdRng) {
        match random.random_range(0..20) {
            0..6 => self.read().await,
            6..12 => self.write(random).await,
            12..14 => self.savepoint().await,
            14..16 => self.close_savepoint(random).await,
            16..18 => self.cancel(random).await,
            _ => self.fail().await,
        }
    }

    async fn read(&mut self) {
        self.untidy = false;
        let seen = match self.marks.last() {
            Some((nested, _)) => rows(nested).await,
            None => begin_with_rows(&self.db).await,
        };
        self.plot.note("read");
        match seen {
            Ok(seen) if !self.dead => self.plot.assert_rows(&seen, &self.rows),
            Err(_) if self.dead => {}
            seen => panic!("{seen:?} (dead: {}) at {}", self.dead, self.plot.story()),
        }
    }

    async fn write(&mut self, random: &mut StdRng) {
        let (statement, after) = self.change(random);
        let result = self.execute(statement).await;
        self.untidy = false;
        let fine = !self.dead && self.access == Access::Write;
        match (fine, after, result) {
            (true, Some((rows, touched)), Ok(count)) => {
                assert_eq!(count, touched, "{}", self.plot.story());
                self.rows = rows;
            }
            // The id is taken, or nothing may be written here.
            (_, _, Err(_)) => self.failed().await,
            (_, _, result) => panic!("{result:?} at {}", self.plot.story()),
        }
    }

    /// A statement; what the rows are after it and how many it touched, unless it fails.
    fn change(&mut self, random: &mut StdRng) -> (Statement, Option<(Rows, u64)>) {
        let id = Uuid::from_u128(random.random_range(1..=IDS));
        let tenant = self.plot.tenant.as_ref().expect("somebody lives here").id;
        let name = format!("{}{}", stamp(tenant), random.random_range(0..1000));
        let mut rows = self.rows.clone();
        let there = rows.contains_key(&id);
        let (sql, values, after): (_, Vec<Value>, _) = match random.random_range(0..5) {
            0 => {
                let sql = "DELETE FROM employee WHERE id = $1";
                rows.remove(&id);
                (sql, vec![id.into()], Some((rows, u64::from(there))))
            }
            1 | 2 => {
                let sql = "UPDATE employee SET name = $2 WHERE id = $1";
                rows.entry(id).and_modify(|old| old.clone_from(&name));
                (
                    sql,
                    vec![id.into(), name.into()],
                    Some((rows, u64::from(there))),
                )
            }
            _ => {
                let sql = "INSERT INTO employee (id, name) VALUES ($1, $2)";
                rows.insert(id, name.clone());
                let after = (!there).then_some((rows, 1));
                (sql, vec![id.into(), name.into()], after)
            }
        };
        let word = &sql[..6];
        self.plot.note(format!("{word} {}", id.as_u128()));
        (with(sql, values), after)
    }

    async fn execute(&self, statement: Statement) -> Result<u64, DbErr> {
        let result = match self.marks.last() {
            Some((nested, _)) => nested.execute_raw(statement).await,
            None => self.db.execute_raw(statement).await,
        };
        Ok(result?.rows_affected())
    }

    async fn fail(&mut self) {
        self.plot.note("fail");
        let failing = with("SELECT 1 / 0", []);
        self.execute(failing).await.unwrap_err();
        self.failed().await;
    }

    /// The innermost savepoint saves what was before it; without one the scope is over.
    async fn failed(&mut self) {
        let Some((nested, before)) = self.marks.pop() else {
            self.dead = true;
            return;
        };
        let undone = nested.rollback().await;
        assert!(
            undone.is_ok() || self.dead,
            "{undone:?} at {}",
            self.plot.story()
        );
        self.rows = before;
    }

    async fn savepoint(&mut self) {
        self.plot.note("savepoint");
        let begun = match self.marks.last() {
            Some((nested, _)) => nested.begin().await,
            None => self.db.begin().await,
        };
        match begun {
            Ok(nested) if !self.dead => self.marks.push((nested, self.rows.clone())),
            Err(_) if self.dead => {}
            begun => panic!("{:?} at {}", begun.err(), self.plot.story()),
        }
    }

    async fn close_savepoint(&mut self, random: &mut StdRng) {
        let Some((nested, before)) = self.marks.pop() else {
            return;
        };
        let end = random.random_range(0..3);
        self.plot
            .note(["release", "roll back to savepoint", "drop savepoint"][end]);
        let ended = match end {
            0 => nested.commit().await,
            1 => nested.rollback().await,
            _ => {
                drop(nested);
                self.untidy = true;
                Ok(())
            }
        };
        assert!(ended.is_ok(), "{ended:?} at {}", self.plot.story());
        if end != 0 {
            self.rows = before;
        }
    }

    /// Asks and doesn't wait for the answer. Whether it was done must be seen.
    async fn cancel(&mut self, random: &mut StdRng) {
        self.plot.note("cancel:");
        let (statement, after) = self.change(random);
        let polls = random.random_range(1..6);
        let answered = polled(polls, self.execute(statement)).await;
        let may_be = after.filter(|_| !self.dead && self.access == Access::Write);
        if let Some(answer) = answered {
            match (answer, may_be) {
                (Ok(_), Some((rows, _))) => self.rows = rows,
                (Err(_), _) => self.failed().await,
                (answer, None) => panic!("{answer:?} at {}", self.plot.story()),
            }
            return;
        }
        let seen = match self.marks.last() {
            Some((nested, _)) => rows(nested).await,
            None => begin_with_rows(&self.db).await,
        };
        match (seen, may_be) {
            (Ok(seen), Some((rows, _))) if seen == rows => self.rows = rows,
            (Ok(seen), _) if !self.dead => self.plot.assert_rows(&seen, &self.rows),
            (Ok(seen), _) => panic!("{seen:?} at {}", self.plot.story()),
            // Cancelled between two savepoints, so that nobody knows in which one it stands.
            (Err(error), _) if self.untidy && is_over(&error) => {
                self.marks.clear();
                self.dead = true;
            }
            // It had failed, unseen.
            (Err(_), None) => self.failed().await,
            (Err(error), Some(_)) => panic!("{error} at {}", self.plot.story()),
        }
        self.untidy = false;
    }

    /// Answers the rows as they may be or not, if nobody knows whether they were kept.
    async fn end(mut self, random: &mut StdRng) -> Option<Rows> {
        while !self.marks.is_empty() {
            self.close_savepoint(random).await;
        }
        let writes = self.access == Access::Write;
        match random.random_range(0..10) {
            0 => self.plot.note("dropped"),
            1 => {
                self.plot.note("ended");
                self.db.end().await;
            }
            2 => return self.cancel_commit(random).await,
            3 | 4 => return self.commit_with(random).await,
            _ => {
                self.plot.note("commit");
                match self.db.commit().await {
                    Ok(()) if !self.dead && writes => self.plot.rows = self.rows,
                    Ok(()) if !self.dead => {}
                    Err(Error::Aborted | Error::Ended) if self.dead => {}
                    end => panic!("{end:?} at {}", self.plot.story()),
                }
            }
        }
        None
    }

    /// Changes something and keeps it with all before, and perhaps doesn't wait for the answer.
    async fn commit_with(mut self, random: &mut StdRng) -> Option<Rows> {
        self.plot.note("commit with:");
        let (statement, after) = self.change(random);
        let after = after.filter(|_| !self.dead && self.access == Access::Write);
        let answer = polled(patience(random), self.db.commit_with(statement)).await;
        match (answer, after) {
            (Some(Ok(_)), Some((rows, _))) => self.plot.rows = rows,
            (None, Some((rows, _))) => return Some(rows),
            (Some(Err(_)) | None, None) => {}
            (answer, after) => panic!("{answer:?}, {after:?} at {}", self.plot.story()),
        }
        None
    }

    async fn cancel_commit(self, random: &mut StdRng) -> Option<Rows> {
        self.plot.note("commit cancelled");
        let polls = random.random_range(1..4);
        let end = polled(polls, self.db.commit()).await;
        let may_be = !self.dead && self.access == Access::Write;
        match end {
            Some(Ok(())) if may_be => self.plot.rows = self.rows,
            None if may_be => return Some(self.rows),
            _ => {}
        }
        None
    }
}

fn is_over(error: &DbErr) -> bool {
    *error == DbErr::Custom(Error::Ended.to_string())
}
