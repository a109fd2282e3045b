use std::sync::{Arc, Mutex};

use tenancy::testing::{Shops, two_shops};
use tenancy::{Access, Change, Follower, announce};
use tokio::task::JoinHandle;

use crate::support::Outside;

const LISTENERS: &str = "SELECT pid::text FROM pg_stat_activity
    WHERE query LIKE 'LISTEN%' AND datname = current_database() AND pid <> pg_backend_pid()";

/// Writes down what it is told.
#[derive(Default)]
struct Diary(Mutex<Vec<String>>);

impl Diary {
    fn note(&self, words: &str) {
        self.0.lock().unwrap().push(words.to_owned());
    }

    async fn until(&self, expected: &[&str]) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while *self.0.lock().unwrap() != expected {
            assert!(std::time::Instant::now() < deadline, "{:?}", self.0);
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
}

impl Follower for Diary {
    fn listening(&self) {
        self.note("listening");
    }

    fn deaf(&self) {
        self.note("deaf");
    }

    fn heard(&self, words: &str) {
        self.note(words);
    }
}

fn follow(shops: &Shops) -> (Arc<Diary>, JoinHandle<()>) {
    let diary = Arc::new(Diary::default());
    let following = shops
        .directory
        .follow_with(shops.operator.clone(), Arc::clone(&diary));
    (diary, following)
}

async fn say(shops: &Shops, words: &str, keep: bool) {
    let db = shops.operator.shared(Access::Write);
    let change = Change::Other(words.to_owned());
    announce(&db, &change).await.unwrap();
    if keep {
        db.commit().await.unwrap();
    } else {
        db.end().await;
    }
}

#[tokio::test]
async fn other_words_are_heard_once_they_are_committed() {
    let shops = two_shops().await.unwrap();
    let (diary, _following) = follow(&shops);
    diary.until(&["listening"]).await;
    say(&shops, "never mind", false).await;
    say(&shops, "tea is ready", true).await;
    diary.until(&["listening", "tea is ready"]).await;
}

#[tokio::test]
async fn a_follower_knows_when_nothing_can_be_heard() {
    let shops = two_shops().await.unwrap();
    let (diary, following) = follow(&shops);
    diary.until(&["listening"]).await;
    let mut outside = Outside::of(&shops.url).await;
    let listener = outside.all(LISTENERS).await.remove(0);
    outside
        .run(&format!("SELECT pg_terminate_backend({listener})"))
        .await;
    diary.until(&["listening", "deaf", "listening"]).await;
    say(&shops, "again", true).await;
    diary
        .until(&["listening", "deaf", "listening", "again"])
        .await;

    following.abort();
    diary
        .until(&["listening", "deaf", "listening", "again", "deaf"])
        .await;
}

#[tokio::test]
async fn what_nobody_understands_may_be_anything() {
    let shops = two_shops().await.unwrap();
    let (diary, _following) = follow(&shops);
    diary.until(&["listening"]).await;
    let mut outside = Outside::of(&shops.url).await;
    outside
        .run("SELECT pg_notify('tenancy', 'gibberish')")
        .await;
    diary.until(&["listening", "listening"]).await;
}
