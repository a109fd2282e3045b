//! What each operation costs PostgreSQL at most. These figures don't depend on the machine; lower
//! them when you can, and raise them only knowing why.

use api::graphql::Mode;
use serde_json::{Value, json};
use tenancy::testing::Proxy;
use tests::{Client, TestServer, eventually};

use super::{crowd as fill, id_of};

/// An operation, how many statements it may take between its transaction's begin and end, and how
/// many round trips in all.
struct Cost {
    document: &'static str,
    statements: usize,
    round_trips: usize,
}

const COSTS: [Cost; 13] = [
    Cost {
        document: "query($employee: ID!) { employee(id: $employee) { id name } }",
        statements: 1,
        round_trips: 2,
    },
    Cost {
        document: "{ employees(first: 20) { nodes { id name department { name } } } }",
        statements: 1,
        round_trips: 2,
    },
    Cost {
        document: "{ invoices(first: 20) { nodes { id number status total customer { name }
            lines { description quantity unitPrice } } } }",
        statements: 1,
        round_trips: 2,
    },
    Cost {
        document: "{ invoices(first: 20) { nodes { number lines { description } customer { name
            invoices(first: 5) { nodes { number lines { description } } } } } } }",
        statements: 1,
        round_trips: 2,
    },
    Cost {
        document: "{ employees(first: 20) { nodes { name department { name } manager { name }
            reports(first: 3) { nodes { name } } } } }",
        statements: 1,
        round_trips: 2,
    },
    Cost {
        document: "{ employees(first: 20) { nodes { name } } customers(first: 20) { nodes { name } } }",
        statements: 2,
        round_trips: 3,
    },
    Cost {
        document: "mutation($customer: ID!, $number: String!) {
            createInvoice(input: { customerId: $customer, number: $number, lines: [
                { description: \"Work\", quantity: 2, unitPrice: \"80\" },
                { description: \"Travel\", quantity: 1, unitPrice: \"35.5\" },
                { description: \"Material\", quantity: 3, unitPrice: \"12.25\" },
            ] }) { invoice { number total } userErrors { message } } }",
        statements: 1,
        round_trips: 1,
    },
    // The server draws the number.
    Cost {
        document: "mutation($customer: ID!) { createInvoice(input: { customerId: $customer, lines: [
            { description: \"Work\", quantity: 2, unitPrice: \"80\" },
            { description: \"Travel\", quantity: 1, unitPrice: \"35.5\" },
            { description: \"Material\", quantity: 3, unitPrice: \"12.25\" },
        ] }) { invoice { number total } userErrors { message } } }",
        statements: 1,
        round_trips: 1,
    },
    // However it is selected.
    Cost {
        document: "mutation($customer: ID!) { made: createInvoice(input: { customerId: $customer }) {
            ...Made ... on CreateInvoicePayload { it: invoice { ... on Node { id } total @skip(if: true) } } } }
            fragment Made on CreateInvoicePayload { it: invoice { number } userErrors { message } }",
        statements: 1,
        round_trips: 1,
    },
    // What the row doesn't know is asked for before it is kept.
    Cost {
        document: "mutation($customer: ID!) { createInvoice(input: { customerId: $customer }) {
            invoice { number @skip(if: true) } ...Made userErrors { message } } }
            fragment Made on CreateInvoicePayload { invoice { customer { name } } }",
        statements: 2,
        round_trips: 3,
    },
    Cost {
        document: "mutation($customer: ID!) { createInvoice(input: { customerId: $customer }) {
            invoice { number customer { name } } userErrors { message } } }",
        statements: 2,
        round_trips: 3,
    },
    Cost {
        document: "mutation($employee: ID!) { updateEmployee(input: { id: $employee, title: \"Cashier\" }) {
            employee { title } userErrors { message } } }",
        statements: 2,
        round_trips: 3,
    },
    Cost {
        document: "mutation($employee: ID!) { deleteEmployee(input: { id: $employee }) { deletedId } }",
        statements: 1,
        round_trips: 1,
    },
];

#[tokio::test]
async fn no_operation_costs_more_statements_or_round_trips_than_it_did() {
    let whole = TestServer::start().await;
    let proxy = Proxy::start(&whole.database).await.unwrap();
    // So that every operation finds its statements prepared.
    let one = [("INSULA_DATABASE_MAX_CONNECTIONS", "1")];
    let server = TestServer::on(proxy.url(), &one).await;
    server.state.shapes.set_mode(Mode::Ahead);
    fill(&server).await;
    let owner = server.tenant("python").as_owner();
    let mut variables = json!({
        "employee": id_of(&owner, "employees", "Employee 7").await,
        "customer": id_of(&owner, "customers", "Ada Lovelace").await,
    });
    // What read last is rolled back when nobody comes.
    let busy = async || server.state.database.gauges().busy;
    assert_eq!(eventually(busy, |busy| *busy == 0).await, 0);
    let mut over = Vec::new();
    for cost in COSTS {
        let most = (cost.statements, cost.round_trips);
        let found = least((&owner, &proxy), cost.document, &mut variables).await;
        if found.0 > most.0 || found.1 > most.1 {
            let statements = proxy.statements().join("\n  ");
            let document = cost.document;
            over.push(format!(
                "{found:?} instead of {most:?}: {document}\n  {statements}"
            ));
        }
    }
    assert!(over.is_empty(), "{}", over.join("\n\n"));
}

/// The least of several times: the first prepares statements, and rows may come too late for a batch.
async fn least(
    (client, proxy): (&Client<'_>, &Proxy),
    document: &str,
    variables: &mut Value,
) -> (usize, usize) {
    let mut least = (usize::MAX, usize::MAX);
    for number in 0..5 {
        variables["number"] = json!(format!("R-{number}"));
        proxy.forget();
        let answer = client.ask(document, variables).await;
        let data = answer.at("").to_string();
        assert!(!data.contains(r#""message""#), "{data}");
        let of = |is_frame: bool| {
            let statements = proxy.statements().into_iter();
            let frame = ["BEGIN", "ROLLBACK", "COMMIT"];
            let ours = statements
                .filter(move |text| frame.iter().any(|word| text.starts_with(word)) == is_frame);
            ours.count()
        };
        // A transaction that only reads ends when its answer is on the way already.
        let frame = eventually(async || of(true), |count| *count >= 2).await;
        assert_eq!(frame, 2, "{:?}", proxy.statements());
        least = least.min((of(false), proxy.flights()));
    }
    least
}
