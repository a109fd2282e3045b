use tests::TestServer;
use tokio::runtime::Runtime;

use super::{Noun, Realm, compare, servers};

const REALM: Realm = Realm {
    nouns: NOUNS,
    plurals: PLURALS,
    singles: &[
        ("employee(id: @)", 0),
        ("department(id: @)", 1),
        ("invoice(id: @)", 2),
        ("customer(id: @)", 3),
        ("me", 5),
    ],
};

const PLURALS: &[(&str, usize)] = &[
    ("employees", 0),
    ("departments", 1),
    ("invoices", 2),
    ("customers", 3),
    ("users", 5),
];

const NOUNS: &[Noun] = &[
    Noun {
        name: "Employee",
        leaves: &[
            "id", "number", "name", "email", "title", "hiredOn", "created",
        ],
        one: &[("department", 1), ("manager", 0)],
        all: &[],
        pages: &[("reports", 0)],
        filters: &[
            "{}",
            "{ name: { contains: \"1\" } }",
            "{ email: { isNull: true } }",
            "{ title: { in: [\"Chief\", \"Clerk\"] }, number: { startsWith: \"N\" } }",
            "{ hiredOn: { gte: \"2024-03-01\", lte: \"2025-06-01\" } }",
            "{ hiredOn: { eq: \"2024-13-01\" } }",
            "{ manager: { isNull: false }, department: { in: [\"nonsense\"] } }",
            "{ name: { eq: \"\\u0000\" } }",
        ],
        orders: &["CREATED", "NUMBER", "NAME"],
    },
    Noun {
        name: "Department",
        leaves: &["id", "name", "created"],
        one: &[],
        all: &[],
        pages: &[("employees", 0)],
        filters: &["{}", "{ name: { contains: \"e\" } }"],
        orders: &["CREATED", "NAME"],
    },
    Noun {
        name: "Invoice",
        leaves: &[
            "id", "number", "issuedOn", "dueOn", "status", "total", "created",
        ],
        one: &[("customer", 3)],
        all: &[("lines", 4)],
        pages: &[],
        filters: &[
            "{}",
            "{ status: [OPEN, PAID] }",
            "{ status: [] }",
            "{ total: { gte: \"3\", lte: \"40.5\" } }",
            "{ total: { eq: \"three\" } }",
            "{ dueOn: { isNull: false } }",
        ],
        orders: &["CREATED", "NUMBER", "ISSUED_ON", "TOTAL"],
    },
    Noun {
        name: "Customer",
        leaves: &[
            "id", "number", "name", "company", "email", "phone", "address", "city", "country",
            "created",
        ],
        one: &[],
        all: &[],
        pages: &[("invoices", 2)],
        filters: &[
            "{}",
            "{ company: { isNull: true } }",
            "{ city: { eq: \"Bern\" } }",
        ],
        orders: &["CREATED", "NUMBER", "NAME"],
    },
    Noun {
        name: "InvoiceLine",
        leaves: &["id", "description", "quantity", "unitPrice"],
        one: &[("invoice", 2)],
        all: &[],
        pages: &[],
        filters: &[],
        orders: &[],
    },
    Noun {
        name: "User",
        leaves: &["id", "email", "name", "role", "created", "disabled"],
        one: &[],
        all: &[],
        pages: &[],
        filters: &["{}", "{ role: [OWNER, STAFF] }", "{ disabled: false }"],
        orders: &["CREATED", "NAME", "EMAIL"],
    },
];

/// Rows with and without references, values and namesakes.
async fn furnish(server: &TestServer) {
    let sql = server.sql("python");
    for statement in [
        "INSERT INTO employee (id, number, name, email, title, department_id, hired_on, created_at)
         SELECT gen_random_uuid(), 'N' || n, 'Employee ' || n % 5,
             CASE WHEN n % 3 > 0 THEN n || '@example.com' END, CASE n % 4 WHEN 0 THEN 'Chief' WHEN 1 THEN 'Clerk' END,
             CASE WHEN n % 5 > 0 THEN (SELECT id FROM department ORDER BY md5(n || name) LIMIT 1) END,
             CASE WHEN n % 2 > 0 THEN date '2024-01-01' + n * 20 END, now() - n * interval '1.000001 s'
         FROM generate_series(1, 30) n",
        "UPDATE employee e SET manager_id = (SELECT id FROM employee m WHERE m.id < e.id ORDER BY md5(e.name || m.number) LIMIT 1)",
        "INSERT INTO customer (id, number, name, company, city, created_at)
         SELECT gen_random_uuid(), 'N' || n, 'Customer ' || n % 3, CASE WHEN n % 2 > 0 THEN 'Company' END,
             CASE WHEN n % 3 > 0 THEN 'Bern' END, now()
         FROM generate_series(1, 8) n",
        "INSERT INTO invoice (id, number, customer_id, issued_on, due_on, status, total, created_at)
         SELECT gen_random_uuid(), 'N' || n, (SELECT id FROM customer ORDER BY md5(n || number) LIMIT 1),
             date '2026-01-01' + n % 4, CASE WHEN n % 2 > 0 THEN date '2026-02-01' END,
             (ARRAY['draft', 'open', 'paid', 'void'])[1 + n % 4], n * 1.25, now()
         FROM generate_series(1, 25) n",
        "INSERT INTO invoice_line (id, invoice_id, position, description, quantity, unit_price)
         SELECT gen_random_uuid(), id, p, 'Line ' || p, 1 + p, 0.0001 * p
         FROM invoice, generate_series(0, 2) p WHERE number LIKE 'N%' AND number NOT LIKE '%3'",
    ] {
        sql.run(statement).await;
    }
}

#[test]
fn any_document_is_answered_alike_both_ways() {
    let runtime = Runtime::new().unwrap();
    let (server, other) = runtime.block_on(servers());
    runtime.block_on(furnish(&server));
    let at = |of| TestServer::tenant(of, "python");
    let clients = [
        (at(&server).as_owner(), at(&other).as_owner()),
        (at(&server).as_staff(), at(&other).as_staff()),
    ];
    compare(&REALM, &runtime, &clients, 400);
}
