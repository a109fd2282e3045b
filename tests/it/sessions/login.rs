//! Beginning a session.

use api::app::{Code, Error};
use api::auth::Caller;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use tenancy::Access;
use tenancy::testing::Proxy;
use uuid::Uuid;

use super::stage::{PASSWORD, Realm, Stage, fresh_database, refusal, secret, state, statement};

in_both_realms! {
    a_login_gives_tokens_and_keeps_their_hashes_only,
    capitals_of_the_address_do_not_matter,
    whoever_may_not_log_in_gets_one_answer_at_one_cost,
    a_login_that_is_overtaken_by_a_new_password_is_refused,
    a_login_sweeps_up_what_has_expired,
    a_terminal_gets_a_token_that_cannot_be_refreshed,
}

async fn a_login_gives_tokens_and_keeps_their_hashes_only<A: Realm>() {
    let stage = Stage::<A>::new().await;
    let signed_in = stage.login().await;
    let who = stage.principal(&signed_in);
    assert_eq!(
        (who.user(), A::id(&signed_in.user)),
        (stage.owner, stage.owner)
    );
    assert_eq!(who.role().code(), A::ROLES[0]);
    assert_eq!(
        stage.read::<Uuid>("SELECT id FROM session").await,
        [who.session()]
    );

    let token = secret(&signed_in);
    let row = stage
        .read::<String>("SELECT session::text FROM session")
        .await
        .remove(0);
    assert!(!row.contains(&token[3..46]), "{row}");
    let hash =
        "SELECT octet_length(refresh_hash)::text || (previous_hash IS NULL)::text FROM session";
    assert_eq!(stage.read::<String>(hash).await, ["32true"]);
    assert!(stage.refresh(&token).await.is_ok());
}

async fn capitals_of_the_address_do_not_matter<A: Realm>() {
    let stage = Stage::<A>::new().await;
    assert!(
        stage
            .try_login(&A::OWNER.to_uppercase(), PASSWORD)
            .await
            .is_ok()
    );
    assert!(
        stage
            .try_login(A::OWNER, &PASSWORD.to_uppercase())
            .await
            .is_err()
    );
}

async fn whoever_may_not_log_in_gets_one_answer_at_one_cost<A: Realm>() {
    let url = fresh_database().await;
    let proxy = Proxy::start(&url).await.unwrap();
    let stage = Stage::<A>::at(state(proxy.url(), &[])).await;
    let disabled = stage.add("gone@python.test", A::ROLES[1]).await;
    stage.disable(disabled, "now()").await;
    let broken = stage.add("broken@python.test", A::ROLES[1]).await;
    let sql = format!("UPDATE {} SET password_hash = '' WHERE id = $1", A::USERS);
    stage.run(&sql, [broken.into()]).await;

    let wrong = [
        (A::OWNER, "wrong password"),
        ("nobody@python.test", PASSWORD),
        ("gone@python.test", PASSWORD),
        ("gone@python.test", "wrong password"),
        ("broken@python.test", PASSWORD),
        ("", PASSWORD),
        ("%", PASSWORD),
    ];
    let mut answers = Vec::new();
    for (email, password) in wrong {
        proxy.forget();
        let refusal = refusal(stage.try_login(email, password).await);
        let mut statements = proxy.statements();
        // It is sent once the connection was given back, alone or before the next one's begin.
        statements.retain(|statement| statement != "ROLLBACK");
        for statement in &mut statements {
            *statement = statement.trim_start_matches("ROLLBACK; ").to_owned();
        }
        answers.push((refusal, statements));
    }
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
    let (first, statements) = &answers[0];
    assert_eq!(statements.len(), 2, "{statements:?}");
    assert_eq!(
        (first.code, first.field.len()),
        (Code::InvalidCredentials, 0)
    );
    // These tell nothing of anybody, and so may be cheaper.
    for (email, password) in [
        (A::OWNER, "short"),
        (A::OWNER, ""),
        (&format!("{}\0", A::OWNER), PASSWORD),
    ] {
        assert_eq!(refusal(stage.try_login(email, password).await), *first);
    }
    let long = "x".repeat(100_000);
    assert_eq!(refusal(stage.try_login(A::OWNER, &long).await), *first);
    assert_eq!(refusal(stage.try_login(&long, PASSWORD).await), *first);

    assert_eq!(stage.alive().await, 0);
    assert!(stage.try_login(A::OWNER, PASSWORD).await.is_ok());
    stage.disable(disabled, "NULL").await;
    assert!(stage.try_login("gone@python.test", PASSWORD).await.is_ok());
}

/// The password is right when it is verified, and another by the time of the session's birth.
async fn a_login_that_is_overtaken_by_a_new_password_is_refused<A: Realm>() {
    let stage = Stage::<A>::new().await;
    let db = A::open(&stage.state, &stage.subject, Access::Write);
    let sql = format!(
        "UPDATE {} SET password_hash = 'another' WHERE id = $1",
        A::USERS
    );
    db.execute_raw(statement(&db, &sql, [stage.owner.into()]))
        .await
        .unwrap();
    let overtake = async {
        stage.until_waiting(1).await;
        db.commit().await.unwrap();
    };
    let (login, ()) = tokio::join!(stage.try_login(A::OWNER, PASSWORD), overtake);
    assert_eq!(refusal(login).code, Code::InvalidCredentials);
    assert_eq!(stage.alive().await, 0);
}

async fn a_login_sweeps_up_what_has_expired<A: Realm>() {
    let stage = Stage::<A>::new().await;
    stage.add("other@python.test", A::ROLES[0]).await;
    let other = stage
        .try_login("other@python.test", PASSWORD)
        .await
        .unwrap();
    stage.login().await;
    stage.pass(TimeDelta::days(31)).await;
    let young = stage.login().await;
    let again = stage.login().await;
    let mut left = stage.read::<Uuid>("SELECT id FROM session").await;
    left.sort_unstable();
    let expected = [other, young, again].map(|signed_in| {
        let token = secret(&signed_in);
        let (_, session) = token.rsplit_once('.').unwrap();
        session.parse::<Uuid>().unwrap()
    });
    assert_eq!(left, expected, "the others' are theirs to sweep up");
}

async fn a_terminal_gets_a_token_that_cannot_be_refreshed<A: Realm>() {
    let stage = Stage::<A>::new().await;
    let minted = stage
        .sessions()
        .mint_for(Caller::Console, stage.owner)
        .await
        .unwrap();
    let realm = A::audience(&stage.tenant);
    let who = stage
        .state
        .tokens
        .verify(&minted.token, realm, Utc::now())
        .unwrap();
    assert_eq!((who.user(), who.role().code()), (stage.owner, A::ROLES[0]));
    let ends = stage
        .read::<DateTime<Utc>>("SELECT expires_at FROM session")
        .await;
    assert_eq!(ends, [minted.expires_at]);

    for caller in [Caller::Anonymous, Caller::Known(who)] {
        let denied = stage.sessions().mint_for(caller, stage.owner).await;
        assert!(matches!(denied, Err(Error::Denied(_))));
    }
    let nobody = stage
        .sessions()
        .mint_for(Caller::Console, Uuid::now_v7())
        .await;
    assert_eq!(refusal(nobody).code, Code::NotFound);
    stage.disable(stage.owner, "now()").await;
    let disabled = stage
        .sessions()
        .mint_for(Caller::Console, stage.owner)
        .await;
    assert_eq!(refusal(disabled).code, Code::NotFound);
}
