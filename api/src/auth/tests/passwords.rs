//! Right, wrong and unknown.

use argon2::Params;
use argon2::password_hash::phc::PasswordHash;

use super::super::password::{Cost, Hasher, Password, PasswordError, PasswordRule};

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

#[tokio::test]
async fn only_the_right_password_matches() {
    let hasher = Hasher::for_tests();
    let stored = hasher.hash(&password("correct horse")).await.unwrap();
    for (typed, right) in [
        ("correct horse", true),
        ("correct horsf", false),
        ("correct horse ", false),
    ] {
        let verified = hasher.verify(&password(typed), Some(&stored)).await;
        assert_eq!(verified.unwrap(), right, "{typed:?}");
    }
}

#[tokio::test]
async fn an_unknown_user_is_never_right() {
    let hasher = Hasher::for_tests();
    assert!(
        !hasher
            .verify(&password("correct horse"), None)
            .await
            .unwrap()
    );
}

/// The time follows from the parameters, so those are compared instead of clocks.
#[tokio::test]
async fn an_unknown_user_costs_what_a_known_one_does() {
    for cost in [
        Cost::default(),
        Cost {
            memory_kib: 64,
            passes: 3,
            lanes: 2,
        },
    ] {
        let hasher = Hasher::new(cost).unwrap();
        let nobodys = PasswordHash::new(hasher.nobodys()).unwrap();
        let real = hasher.hash(&password("correct horse")).await.unwrap();
        let real = PasswordHash::new(&real).unwrap();
        assert_eq!(nobodys.algorithm, real.algorithm);
        assert_eq!(nobodys.version, real.version);
        assert_eq!(nobodys.params, real.params);
        assert_eq!(
            nobodys.salt.map(|salt| salt.len()),
            real.salt.map(|salt| salt.len())
        );
        assert_eq!(
            nobodys.hash.map(|hash| hash.len()),
            real.hash.map(|hash| hash.len())
        );
        let params = Params::try_from(&real).unwrap();
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (cost.memory_kib, cost.passes, cost.lanes)
        );
    }
}

#[tokio::test]
async fn a_hash_is_argon2id_salted_and_without_the_password() {
    let hasher = Hasher::for_tests();
    let one = hasher.hash(&password("correct horse")).await.unwrap();
    let two = hasher.hash(&password("correct horse")).await.unwrap();
    assert!(one.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{one}");
    assert_ne!(one, two, "the salt is random");
    assert!(!one.contains("correct"));
}

#[tokio::test]
async fn a_hash_keeps_the_cost_it_was_made_with() {
    let old = Hasher::new(Cost {
        memory_kib: 16,
        passes: 2,
        lanes: 1,
    })
    .unwrap();
    let stored = old.hash(&password("correct horse")).await.unwrap();
    let new = Hasher::for_tests();
    assert!(
        new.verify(&password("correct horse"), Some(&stored))
            .await
            .unwrap()
    );
    assert!(
        !new.verify(&password("wrong horse"), Some(&stored))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_stored_text_that_is_no_hash_is_an_error() {
    let hasher = Hasher::for_tests();
    for stored in [
        "",
        "!",
        "correct horse",
        "$argon2id$v=19$m=8,t=1,p=1",
        "$2b$10$N9qo8uLOickgx2ZMRZoMye",
    ] {
        let verified = hasher
            .verify(&password("correct horse"), Some(stored))
            .await;
        assert!(
            matches!(verified, Err(PasswordError::Stored)),
            "{stored:?}: {verified:?}"
        );
    }
}

#[tokio::test]
async fn many_at_once_all_get_their_turn() {
    let hasher = Hasher::for_tests();
    let stored = hasher.hash(&password("correct horse")).await.unwrap();
    let logins = (0..64).map(|_| {
        let (hasher, stored) = (hasher.clone(), stored.clone());
        tokio::spawn(async move {
            hasher
                .verify(&password("correct horse"), Some(&stored))
                .await
        })
    });
    for (index, login) in logins.collect::<Vec<_>>().into_iter().enumerate() {
        if index % 2 == 0 {
            login.abort();
            continue;
        }
        assert!(login.await.unwrap().unwrap());
    }
    assert!(
        hasher
            .verify(&password("correct horse"), Some(&stored))
            .await
            .unwrap()
    );
}

#[test]
fn a_cost_that_argon2_refuses_is_an_error() {
    let bad = [(0, 1, 1), (7, 1, 1), (8, 0, 1), (8, 1, 0), (8, 1, 2)];
    for (memory_kib, passes, lanes) in bad {
        let made = Hasher::new(Cost {
            memory_kib,
            passes,
            lanes,
        });
        assert!(
            matches!(made, Err(PasswordError::Cost)),
            "{memory_kib} {passes} {lanes}"
        );
    }
    assert!(
        Hasher::new(Cost {
            memory_kib: 16,
            passes: 1,
            lanes: 2
        })
        .is_ok()
    );
}

#[test]
fn the_rules_count_characters() {
    for (text, rule) in [
        ("é".repeat(7), Some(PasswordRule::TooShort)),
        (String::new(), Some(PasswordRule::TooShort)),
        ("é".repeat(8), None),
        ("é".repeat(200), None),
        ("é".repeat(201), Some(PasswordRule::TooLong)),
    ] {
        assert_eq!(Password::parse(text.as_str()).err(), rule, "{text}");
    }
}

#[tokio::test]
async fn passwords_and_hashes_are_not_in_debug() {
    let typed = password("correct horse");
    assert_eq!(format!("{typed:?}"), "Password(hidden)");
    let hasher = Hasher::for_tests();
    let shown = format!("{hasher:?}");
    assert!(
        shown.contains("m_cost") && !shown.contains(hasher.nobodys()),
        "{shown}"
    );
}
