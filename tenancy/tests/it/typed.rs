use tenancy::testing::two_shops;
use tenancy::{Access, Error};

#[tokio::test]
async fn answers_are_text_whatever_their_types() -> Result<(), Error> {
    let shops = two_shops().await?;
    let db = shops.operator.tenant(&shops.python, Access::Write);
    let answer = db
        .run("SELECT 1.50::numeric(9, 4) n, NULL n, ARRAY[1, 2] a, '=r/postgres'::aclitem")
        .await?;
    let names: Vec<_> = answer.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["n", "n", "a", "aclitem"]);
    let texts = answer.rows[0].iter().map(Option::as_deref);
    let expected = [Some("1.5000"), None, Some("{1,2}"), Some("=r/postgres")];
    assert_eq!(texts.collect::<Vec<_>>(), expected);

    let none = db.run("SELECT name FROM employee WHERE false").await?;
    assert_eq!((none.columns.len(), none.affected), (1, 0));
    let changed = db.run("UPDATE employee SET name = 'x'").await?;
    assert_eq!((changed.columns.len(), changed.affected), (0, 2));
    for rows in [
        "EXPLAIN TABLE employee",
        "SHOW search_path",
        "WITH gone AS (DELETE FROM employee RETURNING name) SELECT * FROM gone",
    ] {
        assert!(!db.run(rows).await?.rows.is_empty(), "{rows}");
    }
    Ok(())
}

#[tokio::test]
async fn several_statements_are_refused_and_nothing_of_them_stays() -> Result<(), Error> {
    let shops = two_shops().await?;
    let db = shops.operator.tenant(&shops.python, Access::Write);
    let several = "DELETE FROM employee; COMMIT";
    let refused = db.run(several).await;
    assert!(matches!(refused, Err(Error::Unfit(_))), "{refused:?}");
    assert!(db.commit().await.is_err());
    let db = shops.operator.tenant(&shops.python, Access::Write);
    assert_eq!(db.run("TABLE employee").await?.affected, 2);
    Ok(())
}

#[tokio::test]
async fn what_a_statement_leaves_on_its_connection_goes_with_it() -> Result<(), Error> {
    let shops = two_shops().await?;
    for shop in [&shops.python, &shops.ruby] {
        let db = shops.operator.tenant(shop, Access::Write);
        assert_eq!(
            db.run("SHOW work_mem").await?.rows[0][0].as_deref(),
            Some("4MB")
        );
        db.run("SET work_mem = '5MB'").await?;
        db.commit().await?;
    }
    Ok(())
}
