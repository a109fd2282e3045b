//! Ending sessions, and changing the password that they began with.

use api::app::Code;

use super::stage::{PASSWORD, Realm, Stage, fresh_database, refusal, secret, state};

in_both_realms! {
    logging_out_ends_this_session_or_all_of_mine,
    a_new_password_takes_the_place_of_the_old_and_ends_other_sessions,
    a_password_is_not_changed_without_the_current_one,
    one_connection_is_enough_since_nothing_is_open_while_hashing,
}

async fn logging_out_ends_this_session_or_all_of_mine<A: Realm>() {
    let stage = Stage::<A>::new().await;
    stage.add("other@python.test", A::ROLES[0]).await;
    let other = stage
        .try_login("other@python.test", PASSWORD)
        .await
        .unwrap();
    let [one, two, three] = [
        stage.login().await,
        stage.login().await,
        stage.login().await,
    ];
    let who = stage.principal(&one);
    assert_eq!(stage.logout(&who, false).await, 1);
    assert_eq!(stage.logout(&who, false).await, 0);
    refusal(stage.refresh(&secret(&one)).await);
    let two = stage.refresh(&secret(&two)).await.unwrap();
    assert_eq!(stage.logout(&who, true).await, 2);
    refusal(stage.refresh(&secret(&two)).await);
    refusal(stage.refresh(&secret(&three)).await);
    assert!(stage.refresh(&secret(&other)).await.is_ok());
}

async fn a_new_password_takes_the_place_of_the_old_and_ends_other_sessions<A: Realm>() {
    let stage = Stage::<A>::new().await;
    stage.add("other@python.test", A::ROLES[0]).await;
    let stranger = stage
        .try_login("other@python.test", PASSWORD)
        .await
        .unwrap();
    let [here, elsewhere] = [stage.login().await, stage.login().await];
    let who = stage.principal(&here);
    let new = "battery staple";
    let change = stage.change(&who, PASSWORD, new);
    assert_eq!(change.await.unwrap(), stage.owner);

    refusal(stage.refresh(&secret(&elsewhere)).await);
    assert!(stage.refresh(&secret(&here)).await.is_ok());
    assert!(stage.refresh(&secret(&stranger)).await.is_ok());
    refusal(stage.try_login(A::OWNER, PASSWORD).await);
    assert!(stage.try_login(A::OWNER, new).await.is_ok());
    assert!(stage.try_login("other@python.test", PASSWORD).await.is_ok());
}

async fn a_password_is_not_changed_without_the_current_one<A: Realm>() {
    let stage = Stage::<A>::new().await;
    let [here, elsewhere] = [stage.login().await, stage.login().await];
    let who = stage.principal(&here);
    for (current, new, code, field) in [
        (
            "wrong password",
            "battery staple",
            Code::InvalidCredentials,
            "currentPassword",
        ),
        (
            "",
            "battery staple",
            Code::InvalidCredentials,
            "currentPassword",
        ),
        (PASSWORD, "short", Code::Invalid, "newPassword"),
        (PASSWORD, &"x".repeat(201), Code::TooLong, "newPassword"),
    ] {
        let refusal = refusal(stage.change(&who, current, new).await);
        assert_eq!(
            (refusal.code, refusal.field),
            (code, vec![field.to_owned()])
        );
    }
    assert!(stage.try_login(A::OWNER, PASSWORD).await.is_ok());
    assert!(stage.refresh(&secret(&elsewhere)).await.is_ok());
    stage.disable(stage.owner, "now()").await;
    let change = stage.change(&who, PASSWORD, "battery staple");
    assert_eq!(refusal(change.await).code, Code::InvalidCredentials);
}

async fn one_connection_is_enough_since_nothing_is_open_while_hashing<A: Realm>() {
    let url = fresh_database().await;
    let single = [("INSULA_DATABASE_MAX_CONNECTIONS", "1")];
    let stage = Stage::<A>::at(state(&url, &single)).await;
    assert_eq!(stage.state.config.database.max_connections, 1);
    let signed_in = stage.login().await;
    let who = stage.principal(&signed_in);
    let change = stage.change(&who, PASSWORD, "battery staple");
    change.await.unwrap();
    stage.refresh(&secret(&signed_in)).await.unwrap();
    refusal(stage.try_login(A::OWNER, PASSWORD).await);
    assert_eq!(stage.logout(&who, true).await, 1);
}
