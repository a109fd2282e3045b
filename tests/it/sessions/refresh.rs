//! Keeping a session, and losing it to a thief.

use api::app::sessions::Sessions;
use chrono::TimeDelta;
use sea_orm::ConnectionTrait;
use tenancy::{Access, SharedRealm, TenantRealm};
use uuid::Uuid;

use super::stage::{PASSWORD, Realm, Stage, anyone, refusal, secret, shop, statement};

in_both_realms! {
    a_refresh_token_is_good_once_and_then_for_a_moment_without_another,
    the_token_before_ends_the_session_once_the_moment_has_passed,
    a_token_older_than_the_one_before_ends_the_session_at_once,
    of_many_refreshes_at_once_one_gets_the_next_token,
    a_session_that_has_ended_is_not_refreshed,
    a_session_ends_at_its_time_however_often_it_is_refreshed,
    the_role_is_the_one_of_this_moment,
    a_disabled_user_loses_the_session_for_good,
}

async fn a_refresh_token_is_good_once_and_then_for_a_moment_without_another<A: Realm>() {
    let stage = Stage::<A>::new().await;
    let first = stage.login().await;
    let second = stage.refresh(&secret(&first)).await.unwrap();
    assert_ne!(secret(&first), secret(&second));
    assert_eq!(stage.principal(&first), stage.principal(&second));
    assert_ne!(first.access.token, second.access.token);

    stage.pass(TimeDelta::seconds(9)).await;
    let late = stage.refresh(&secret(&first)).await.unwrap();
    assert_eq!(late.refresh, None);
    assert_eq!(stage.principal(&late), stage.principal(&first));
    // What the other tab was given is as good as before.
    let third = stage.refresh(&secret(&second)).await.unwrap();
    assert!(third.refresh.is_some());
}

async fn the_token_before_ends_the_session_once_the_moment_has_passed<A: Realm>() {
    let stage = Stage::<A>::new().await;
    let other = stage.login().await;
    let first = stage.login().await;
    let second = stage.refresh(&secret(&first)).await.unwrap();
    stage.pass(TimeDelta::seconds(11)).await;
    let stolen = refusal(stage.refresh(&secret(&first)).await);
    assert_eq!(stolen.field, ["refreshToken"]);
    assert_eq!(refusal(stage.refresh(&secret(&second)).await), stolen);
    assert!(stage.refresh(&secret(&other)).await.is_ok());
}

async fn a_token_older_than_the_one_before_ends_the_session_at_once<A: Realm>() {
    let stage = Stage::<A>::new().await;
    let first = stage.login().await;
    let second = stage.refresh(&secret(&first)).await.unwrap();
    let third = stage.refresh(&secret(&second)).await.unwrap();
    assert_eq!(stage.alive().await, 1);
    refusal(stage.refresh(&secret(&first)).await);
    assert_eq!(stage.alive().await, 0);
    refusal(stage.refresh(&secret(&third)).await);
}

async fn of_many_refreshes_at_once_one_gets_the_next_token<A: Realm>() {
    let stage = Stage::<A>::new().await;
    let token = secret(&stage.login().await);
    // Held until all have come, so that they are really at it at once.
    let db = A::open(&stage.state, &stage.subject, Access::Write);
    let hold = statement(&db, "SELECT 1 FROM session FOR UPDATE", []);
    db.query_all_raw(hold).await.unwrap();
    let release = async {
        stage.until_waiting(6).await;
        db.end().await;
    };
    let refreshes = futures::future::join_all((0..6).map(|_| stage.refresh(&token)));
    let (all, ()) = tokio::join!(refreshes, release);
    let all: Vec<_> = all
        .into_iter()
        .map(|one| one.unwrap_or_else(|e| panic!("{e}")))
        .collect();
    let next: Vec<_> = all.iter().filter_map(|one| one.refresh.clone()).collect();
    assert_eq!(next.len(), 1);
    assert!(stage.refresh(&next[0]).await.unwrap().refresh.is_some());
}

async fn a_session_that_has_ended_is_not_refreshed<A: Realm>() {
    let stage = Stage::<A>::new().await;
    let good = stage.login().await;
    let revoked = stage.login().await;
    let who = stage.principal(&revoked);
    stage.logout(&who, false).await;
    let removed = stage.login().await;
    let gone = stage.principal(&removed).session();
    stage
        .run("DELETE FROM session WHERE id = $1", [gone.into()])
        .await;

    let ended = refusal(stage.refresh(&secret(&revoked)).await);
    let token = secret(&good);
    let (random, session) = token.split_once('.').unwrap();
    for text in [
        "",
        "rt_",
        random,
        session,
        &secret(&removed),
        &format!("{random}.{}", Uuid::now_v7().simple()),
        &format!("{random}.{}", who.session().simple()),
        &format!("{token}\0"),
        &"x".repeat(100_000),
        &good.access.token,
    ] {
        assert_eq!(refusal(stage.refresh(text).await), ended, "{text:?}");
    }
    assert!(stage.refresh(&token).await.is_ok());
}

async fn a_session_ends_at_its_time_however_often_it_is_refreshed<A: Realm>() {
    let stage = Stage::<A>::new().await;
    let mut signed_in = stage.login().await;
    for _ in 0..2 {
        stage.pass(TimeDelta::days(14)).await;
        signed_in = stage.refresh(&secret(&signed_in)).await.unwrap();
    }
    stage.pass(TimeDelta::days(2)).await;
    refusal(stage.refresh(&secret(&signed_in)).await);
}

async fn the_role_is_the_one_of_this_moment<A: Realm>() {
    let stage = Stage::<A>::new().await;
    let before = stage.login().await;
    stage
        .run(
            &format!("UPDATE {} SET role = $1", A::USERS),
            [A::ROLES[1].into()],
        )
        .await;
    let after = stage.refresh(&secret(&before)).await.unwrap();
    assert_eq!(stage.principal(&before).role().code(), A::ROLES[0]);
    assert_eq!(stage.principal(&after).role().code(), A::ROLES[1]);
}

async fn a_disabled_user_loses_the_session_for_good<A: Realm>() {
    let stage = Stage::<A>::new().await;
    let [shown, kept] = [stage.login().await, stage.login().await];
    stage.disable(stage.owner, "now()").await;
    refusal(stage.refresh(&secret(&shown)).await);
    stage.disable(stage.owner, "NULL").await;
    refusal(stage.refresh(&secret(&shown)).await);
    assert!(stage.refresh(&secret(&kept)).await.is_ok());
}

#[tokio::test]
async fn r24_a_session_is_worth_nothing_at_another_tenant() {
    let stage = Stage::<TenantRealm>::new().await;
    let token = secret(&stage.login().await);
    let ruby = shop(&stage.state, "ruby").await;
    let elsewhere = Sessions::<TenantRealm>::new(&stage.state, &ruby);
    refusal(elsewhere.refresh(anyone(), &token).await);
    refusal(
        Sessions::<SharedRealm>::new(&stage.state, &())
            .refresh(anyone(), &token)
            .await,
    );
    refusal(
        elsewhere
            .login(anyone(), TenantRealm::OWNER, PASSWORD.into())
            .await,
    );
    assert!(stage.refresh(&token).await.is_ok());
}
