use sea_orm::{DbErr, TransactionSession, TransactionTrait};
use tenancy::testing::{Way, two_shops_by};
use tenancy::{Access, Error, Nested, TenantRealm};

use crate::support::{NAMES, assert_clean, cut_off, hold_execution, names, run, sent, watched};

tenancy::both_ways! {
    a_nested_transaction_keeps_what_it_commits,
    a_nested_transaction_saves_the_scope_from_its_errors,
    a_nested_transaction_that_is_dropped_keeps_nothing,
    a_nested_transaction_dropped_while_another_future_works_keeps_nothing,
    a_scope_is_not_committed_over_an_open_nested_transaction,
    nested_transactions_end_in_the_reverse_order,
    a_nested_transaction_never_ends_another_one,
    a_nested_transaction_cut_off_at_any_round_trip_keeps_nothing_of_itself,
    closures_run_in_nested_transactions,
    a_nested_transaction_has_the_access_of_its_scope,
}

fn hire(name: &str) -> String {
    format!("INSERT INTO employee VALUES (gen_random_uuid(), '{name}')")
}

async fn a_nested_transaction_keeps_what_it_commits(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let db = shops.database.tenant(&shops.python, Access::Write);

    let nested = db.begin().await.unwrap();
    run(&nested, &hire("Boa")).await.unwrap();
    nested.commit().await.unwrap();
    let nested = db.begin().await.unwrap();
    run(&nested, &hire("Asp")).await.unwrap();
    nested.rollback().await.unwrap();
    db.commit().await.unwrap();

    let db = shops.database.tenant(&shops.python, Access::Read);
    assert_eq!(names(&db).await.unwrap(), ["Boa", "Cobra", "Viper"]);
}

async fn a_nested_transaction_saves_the_scope_from_its_errors(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let db = shops.database.tenant(&shops.python, Access::Write);
    run(&db, &hire("Boa")).await.unwrap();
    for end in ["commit", "rollback", "drop"] {
        let nested = db.begin().await.unwrap();
        run(&nested, "SELECT 1 / 0").await.unwrap_err();
        match end {
            "commit" => assert!(nested.commit().await.is_err()),
            "rollback" => nested.rollback().await.unwrap(),
            _ => drop(nested),
        }
        assert_eq!(names(&db).await.unwrap().len(), 3, "after {end}");
    }

    db.commit().await.unwrap();

    let db = shops.database.tenant(&shops.python, Access::Read);
    assert_eq!(names(&db).await.unwrap().len(), 3);
}

async fn a_nested_transaction_that_is_dropped_keeps_nothing(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let db = shops.database.tenant(&shops.python, Access::Write);
    run(&db, &hire("Boa")).await.unwrap();
    let nested = db.begin().await.unwrap();
    run(&nested, &hire("Asp")).await.unwrap();
    let inner = nested.begin().await.unwrap();
    run(&inner, &hire("Adder")).await.unwrap();

    drop(inner);
    drop(nested);

    // Nothing else is run in between: the commit itself must see to it.
    db.commit().await.unwrap();
    let db = shops.database.tenant(&shops.python, Access::Read);
    assert_eq!(names(&db).await.unwrap(), ["Boa", "Cobra", "Viper"]);
}

async fn a_nested_transaction_dropped_while_another_future_works_keeps_nothing(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let (proxy, database) = watched(&shops).await;
    for then_work in [true, false] {
        let db = database.tenant(&shops.python, Access::Write);
        run(&db, &hire("Boa")).await.unwrap();
        let nested = db.begin().await.unwrap();
        run(&nested, &hire("Asp")).await.unwrap();
        names(&db).await.unwrap();
        hold_execution(&proxy, way);
        let mut other = Box::pin(names(&db));
        sent(&proxy, NAMES, &mut other).await;
        // The connection is the other future's now.
        drop(nested);
        proxy.resume();
        assert_eq!(other.await.unwrap().len(), 4);

        let kept = ["Boa", "Cobra", "Viper"];
        if then_work {
            assert_eq!(names(&db).await.unwrap(), kept);
        }
        db.commit().await.unwrap();
        let db = database.tenant(&shops.python, Access::Write);
        assert_eq!(names(&db).await.unwrap(), kept);
        run(&db, "DELETE FROM employee WHERE name = 'Boa'")
            .await
            .unwrap();
        db.commit().await.unwrap();
    }
}

async fn a_scope_is_not_committed_over_an_open_nested_transaction(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let db = shops.database.tenant(&shops.python, Access::Write);
    run(&db, &hire("Boa")).await.unwrap();
    let nested = db.begin().await.unwrap();
    run(&nested, &hire("Asp")).await.unwrap();

    let error = db.commit().await.unwrap_err();

    assert!(matches!(error, Error::Unfinished), "{error:?}");
    nested.commit().await.unwrap();
    db.commit().await.unwrap();
    let db = shops.database.tenant(&shops.python, Access::Read);
    assert_eq!(names(&db).await.unwrap(), ["Asp", "Boa", "Cobra", "Viper"]);
}

async fn nested_transactions_end_in_the_reverse_order(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let db = shops.database.tenant(&shops.python, Access::Write);
    let outer = db.begin().await.unwrap();
    run(&outer, &hire("Outer")).await.unwrap();
    let inner = db.begin().await.unwrap();
    run(&inner, &hire("Inner")).await.unwrap();

    let error = outer.commit().await.unwrap_err();

    assert!(error.to_string().contains("reverse order"), "{error}");
    // The outer one is undone, and so the inner one with it: nothing may be done in its name.
    assert!(run(&inner, &hire("Late")).await.is_err());
    assert!(inner.commit().await.is_err());
    run(&db, &hire("Boa")).await.unwrap();
    db.commit().await.unwrap();
    let db = shops.database.tenant(&shops.python, Access::Read);
    assert_eq!(names(&db).await.unwrap(), ["Boa", "Cobra", "Viper"]);
}

async fn a_nested_transaction_never_ends_another_one(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let db = shops.database.tenant(&shops.python, Access::Write);
    let outer = db.begin().await.unwrap();
    let stale = db.begin().await.unwrap();
    outer.rollback().await.unwrap();
    // As deep as the stale one was.
    let outer = db.begin().await.unwrap();
    let inner = db.begin().await.unwrap();
    run(&inner, &hire("Boa")).await.unwrap();

    assert!(stale.commit().await.is_err());

    inner.commit().await.unwrap();
    outer.commit().await.unwrap();
    db.commit().await.unwrap();
    let db = shops.database.tenant(&shops.python, Access::Read);
    assert_eq!(names(&db).await.unwrap(), ["Boa", "Cobra", "Viper"]);
}

async fn a_nested_transaction_cut_off_at_any_round_trip_keeps_nothing_of_itself(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let (proxy, database) = watched(&shops).await;
    for flight in 1.. {
        let db = database.tenant(&shops.python, Access::Write);
        let outer = db.begin().await.unwrap();
        run(&outer, &hire("Outer")).await.unwrap();
        let end = cut_off(&proxy, flight, async {
            let inner = outer.begin().await?;
            run(&inner, &hire("Inner")).await?;
            inner.rollback().await?;
            Ok::<_, DbErr>(())
        })
        .await;
        // Whatever may still be done and kept, it must be all of the outer one, or the scope is
        // of no more use.
        let late = run(&outer, &hire("Late")).await;
        let kept = outer.commit().await.is_ok();
        let committed = db.commit().await.is_ok();
        assert!(late.is_ok() || !kept);
        assert!(kept || !committed, "a part was kept at flight {flight}");
        let db = database.tenant(&shops.python, Access::Write);
        let expected: &[&str] = if committed {
            &["Cobra", "Late", "Outer", "Viper"]
        } else {
            &["Cobra", "Viper"]
        };
        assert_eq!(names(&db).await.unwrap(), expected, "at flight {flight}");
        run(&db, "DELETE FROM employee WHERE name IN ('Late', 'Outer')")
            .await
            .unwrap();
        db.commit().await.unwrap();
        assert_clean(&shops, &database).await;
        if let Some(end) = end {
            end.unwrap();
            assert!(
                committed,
                "the whole way was gone, so there was nothing to lose"
            );
            return;
        }
    }
}

async fn closures_run_in_nested_transactions(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let db = shops.database.tenant(&shops.python, Access::Write);
    let kept = db
        .transaction::<_, usize, DbErr>(|nested| {
            Box::pin(async move {
                run(nested, &hire("Boa")).await?;
                Ok(names(nested).await?.len())
            })
        })
        .await
        .unwrap();
    assert_eq!(kept, 3);

    let error = db
        .transaction::<_, (), DbErr>(|nested: &Nested<TenantRealm>| {
            Box::pin(async move {
                run(nested, &hire("Asp")).await?;
                nested
                    .transaction::<_, (), DbErr>(|inner| {
                        Box::pin(async move { run(inner, "SELECT 1 / 0").await.map(drop) })
                    })
                    .await
                    .unwrap_err();
                Err(DbErr::Custom("on purpose".into()))
            })
        })
        .await
        .unwrap_err();
    assert!(error.to_string().contains("on purpose"));

    db.commit().await.unwrap();
    let db = shops.database.tenant(&shops.python, Access::Read);
    assert_eq!(names(&db).await.unwrap(), ["Boa", "Cobra", "Viper"]);
}

async fn a_nested_transaction_has_the_access_of_its_scope(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let db = shops.database.tenant(&shops.python, Access::Read);

    let serializable = Some(sea_orm::IsolationLevel::Serializable);
    assert!(db.begin_with_config(serializable, None).await.is_err());
    let writing = Some(sea_orm::AccessMode::ReadWrite);
    assert!(db.begin_with_config(None, writing).await.is_err());

    let nested = db.begin_with_config(None, None).await.unwrap();
    assert!(run(&nested, &hire("Boa")).await.is_err());
    TransactionSession::rollback(nested).await.unwrap();
    assert_eq!(names(&db).await.unwrap(), ["Cobra", "Viper"]);
}
