use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tenancy::testing::{MemoryCatalog, Shops, two_shops};
use tenancy::{
    Access, Catalog, Change, Directory, Domain, Error, Operator, PoolOptions, Status, Tenant,
    TenantId, announce,
};
use tokio::sync::Semaphore;

use crate::support::Outside;

fn domain(text: &str) -> Domain {
    text.parse().unwrap()
}

async fn status(directory: &Directory<MemoryCatalog>, text: &str) -> Option<Status> {
    let tenant = directory.find(&domain(text)).await.unwrap();
    tenant.map(|tenant| tenant.status)
}

/// The registry changes, and so says whoever changed it.
async fn suspend(shops: &Shops) {
    let mut python = Tenant::clone(&shops.python);
    python.status = Status::Suspended;
    shops.directory.catalog().put(python);
    tell(&shops.operator, &Change::Tenant(shops.python.id)).await;
}

async fn tell(operator: &Operator, change: &Change) {
    let db = operator.shared(Access::Write);
    announce(&db, change).await.unwrap();
    db.commit().await.unwrap();
}

/// Asks until the answer is this.
async fn until(directory: &Directory<MemoryCatalog>, text: &str, expected: Option<Status>) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while status(directory, text).await != expected {
        assert!(Instant::now() < deadline, "it still answers otherwise");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

const LISTENERS: &str = "SELECT pid::text FROM pg_stat_activity
    WHERE query LIKE 'LISTEN%' AND datname = current_database() AND pid <> pg_backend_pid()";

/// Another process that follows, and that has asked for Python before.
async fn following(shops: &Shops) -> Arc<Directory<MemoryCatalog>> {
    let directory = Arc::new(Directory::new(shops.directory.catalog().clone()));
    directory.follow(shops.operator.clone());
    let mut outside = Outside::of(&shops.url).await;
    outside.until(LISTENERS, |pids| pids.len() == 1).await;
    remembering(&directory).await;
    directory
}

/// Asks until an answer is kept. One that was asked for while the listener came isn't.
async fn remembering(directory: &Directory<MemoryCatalog>) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let before = directory.catalog().questions();
        status(directory, "python.localhost").await;
        if directory.catalog().questions() == before {
            return;
        }
        assert!(Instant::now() < deadline, "nothing is ever kept");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_second_look_up_costs_no_question() {
    let shops = two_shops().await.unwrap();
    let directory = &shops.directory;
    let asked = || directory.catalog().questions();
    for (text, expected) in [
        ("python.localhost", Some(Status::Active)),
        ("perl.localhost", None),
    ] {
        let before = asked();
        for _ in 0..3 {
            assert_eq!(status(directory, text).await, expected);
        }
        assert_eq!(asked(), before + 1, "{text}");
    }

    let before = asked();
    let found = directory.get(shops.python.id).await.unwrap().unwrap();
    assert_eq!(*found, *shops.python);
    assert_eq!(asked(), before, "who was found by domain is known by id");
}

#[tokio::test]
async fn what_is_forgotten_is_asked_again_and_nothing_else() {
    let shops = two_shops().await.unwrap();
    let directory = &shops.directory;
    let asked = async |text: &str| {
        let before = directory.catalog().questions();
        status(directory, text).await;
        directory.catalog().questions() - before
    };
    for text in ["python.localhost", "ruby.localhost", "perl.localhost"] {
        assert_eq!(asked(text).await, 1);
    }

    directory.forget(&Change::Tenant(shops.python.id));
    assert_eq!(asked("python.localhost").await, 1);
    assert_eq!(asked("ruby.localhost").await, 0);

    directory.forget(&Change::Domain(domain("perl.localhost")));
    assert_eq!(asked("perl.localhost").await, 1);
    assert_eq!(asked("ruby.localhost").await, 0);

    directory.forget_all();
    for text in ["python.localhost", "ruby.localhost", "perl.localhost"] {
        assert_eq!(asked(text).await, 1);
    }
}

#[tokio::test]
async fn a_change_is_heard_by_another_process_within_a_second() {
    let shops = two_shops().await.unwrap();
    let other = following(&shops).await;
    assert_eq!(status(&other, "perl.localhost").await, None);

    let begun = Instant::now();
    suspend(&shops).await;
    until(&other, "python.localhost", Some(Status::Suspended)).await;
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );

    let perl = domain("perl.localhost");
    shops.directory.catalog().point(perl.clone(), shops.ruby.id);
    tell(&shops.operator, &Change::Domain(perl)).await;
    until(&other, "perl.localhost", Some(Status::Active)).await;
}

#[tokio::test]
async fn a_change_that_is_not_committed_is_not_announced() {
    let shops = two_shops().await.unwrap();
    let other = following(&shops).await;
    let asked = || other.catalog().questions();
    status(&other, "ruby.localhost").await;
    let before = asked();

    let db = shops.operator.shared(Access::Write);
    announce(&db, &Change::Tenant(shops.python.id))
        .await
        .unwrap();
    db.end().await;

    // What is announced after it has been heard, so it would have been heard too.
    tell(&shops.operator, &Change::Tenant(shops.ruby.id)).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    while asked() == before {
        status(&other, "ruby.localhost").await;
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let before = asked();
    status(&other, "python.localhost").await;
    assert_eq!(asked(), before);
}

#[tokio::test]
async fn what_was_missed_while_the_connection_was_lost_is_asked_again() {
    let shops = two_shops().await.unwrap();
    let other = following(&shops).await;
    let mut outside = Outside::of(&shops.url).await;
    let listener = outside.all(LISTENERS).await.remove(0);

    outside
        .run(&format!("SELECT pg_terminate_backend({listener})"))
        .await;
    suspend(&shops).await;
    until(&other, "python.localhost", Some(Status::Suspended)).await;

    // And it listens again.
    outside
        .until(LISTENERS, |pids| pids.len() == 1 && pids[0] != listener)
        .await;
    remembering(&other).await;
    shops.directory.catalog().put(Tenant::clone(&shops.python));
    tell(&shops.operator, &Change::Tenant(shops.python.id)).await;
    until(&other, "python.localhost", Some(Status::Active)).await;
}

#[tokio::test]
async fn whoever_follows_takes_none_of_the_operators_connections() {
    let shops = two_shops().await.unwrap();
    let options = PoolOptions {
        max_connections: 1,
        ..PoolOptions::default()
    };
    let operator = Operator::new(&shops.logins, &options);
    let directory = Arc::new(Directory::new(shops.directory.catalog().clone()));
    let following = directory.follow(operator.clone());
    let mut outside = Outside::of(&shops.url).await;
    outside.until(LISTENERS, |pids| pids.len() == 1).await;

    tell(&operator, &Change::Tenant(shops.python.id)).await;

    operator.close().await;
    following.await.unwrap();
    outside.until(LISTENERS, <[String]>::is_empty).await;
}

#[tokio::test]
async fn nobody_follows_for_a_directory_that_is_gone() {
    let shops = two_shops().await.unwrap();
    let directory = Arc::new(Directory::new(shops.directory.catalog().clone()));
    let following = directory.follow(shops.operator.clone());
    let mut outside = Outside::of(&shops.url).await;
    outside.until(LISTENERS, |pids| pids.len() == 1).await;

    drop(directory);

    following.await.unwrap();
    outside.until(LISTENERS, <[String]>::is_empty).await;
}

/// A catalogue that may be slow, and may fail.
struct Moody {
    book: MemoryCatalog,
    /// An answer that was found out waits for one of these.
    leave: Semaphore,
    waiting: AtomicBool,
    away: AtomicBool,
}

impl Moody {
    fn of(shops: &Shops) -> Self {
        Self {
            book: shops.directory.catalog().clone(),
            leave: Semaphore::new(0),
            waiting: AtomicBool::new(false),
            away: AtomicBool::new(false),
        }
    }

    async fn answer<T>(&self, found: T) -> Result<T, Error> {
        if self.away.load(Ordering::Relaxed) {
            return Err(Error::Registry("away, for the test".into()));
        }
        self.waiting.store(true, Ordering::Relaxed);
        self.leave.acquire().await.unwrap().forget();
        self.waiting.store(false, Ordering::Relaxed);
        Ok(found)
    }
}

impl Catalog for Moody {
    async fn by_domain(&self, domain: &Domain) -> Result<Option<Tenant>, Error> {
        let found = self.book.by_domain(domain).await?;
        self.answer(found).await
    }

    async fn all(&self) -> Result<Vec<Tenant>, Error> {
        self.book.all().await
    }

    async fn by_id(&self, id: TenantId) -> Result<Option<Tenant>, Error> {
        let found = self.book.by_id(id).await?;
        self.answer(found).await
    }
}

#[tokio::test]
async fn an_answer_on_its_way_while_something_is_forgotten_is_not_kept() {
    let shops = two_shops().await.unwrap();
    let (python, acme) = (domain("python.localhost"), domain("acme.localhost"));
    for asked in [&python, &acme] {
        for change in [
            Some(Change::Tenant(shops.python.id)),
            Some(Change::Domain(acme.clone())),
            None,
        ] {
            let directory = Directory::new(Moody::of(&shops));
            let change_meanwhile = async {
                while !directory.catalog().waiting.load(Ordering::Relaxed) {
                    tokio::task::yield_now().await;
                }
                match &change {
                    Some(change) => directory.forget(change),
                    None => directory.forget_all(),
                }
                directory.catalog().leave.add_permits(1);
            };
            let (found, ()) = tokio::join!(directory.find(asked), change_meanwhile);
            assert_eq!(found.unwrap().is_some(), *asked == python);

            let before = directory.catalog().book.questions();
            directory.catalog().leave.add_permits(2);
            directory.find(asked).await.unwrap();
            assert_eq!(directory.catalog().book.questions(), before + 1);
            directory.find(asked).await.unwrap();
            assert_eq!(
                directory.catalog().book.questions(),
                before + 1,
                "now it is kept"
            );
        }
    }
}

#[tokio::test]
async fn a_registry_that_is_away_is_not_remembered_as_an_answer() {
    let shops = two_shops().await.unwrap();
    let directory = Directory::new(Moody::of(&shops));
    let python = domain("python.localhost");
    directory.catalog().away.store(true, Ordering::Relaxed);
    directory.find(&python).await.unwrap_err();

    directory.catalog().away.store(false, Ordering::Relaxed);
    directory.catalog().leave.add_permits(1);

    assert!(directory.find(&python).await.unwrap().is_some());
}
