-- The rows of one tenant. Every text ends in its name, and row N of a table has the same id in every tenant.
INSERT INTO department (id, name, created_at)
SELECT {id}, format('Department %s of {stamp}', n), now() FROM generate_series(1, 5) n;

INSERT INTO employee (id, number, name, email, department_id, hired_on, created_at)
SELECT {id}, format('EMP-%s-{stamp}', lpad(n::text, 5, '0')), format('Employee %s of {stamp}', n),
    format('e%s@{stamp}.example.com', n), {id of 1 + n % 5}, date '2020-01-01' + n, now()
FROM generate_series(1, 100) n;

INSERT INTO customer (id, number, name, email, created_at)
SELECT {id}, format('CUS-%s-{stamp}', lpad(n::text, 5, '0')), format('Customer %s of {stamp}', n),
    format('c%s@{stamp}.example.com', n), now()
FROM generate_series(1, 50) n;

INSERT INTO invoice (id, number, customer_id, issued_on, due_on, status, total, created_at)
SELECT {id}, format('INV-%s-{stamp}', lpad(n::text, 5, '0')), {id of 1 + n % 50}, date '2026-01-01' + n,
    date '2026-01-31' + n, (ARRAY['draft', 'open', 'paid', 'void'])[1 + n % 4], 6 * n, now()
FROM generate_series(1, 200) n;

-- Three lines each: quantities 1, 2 and 3 at the price N, which is 6 N in all.
INSERT INTO invoice_line (id, invoice_id, position, description, quantity, unit_price)
SELECT {id}, {id of 1 + (n - 1) / 3}, (n - 1) % 3,
    format('Line %s.%s of {stamp}', 1 + (n - 1) / 3, 1 + (n - 1) % 3), 1 + (n - 1) % 3, 1 + (n - 1) / 3
FROM generate_series(1, 600) n;

-- Whoever asks; the access token is made from these two ids.
INSERT INTO "user" (id, email, name, role, password_hash, created_at)
SELECT {id}, 'owner@{stamp}.example.com', 'Owner of {stamp}', 'owner', '', now() FROM generate_series(1, 1) n;

INSERT INTO session (id, user_id, refresh_hash, created_at, expires_at)
SELECT {id}, {id}, sha256('{stamp}'), now(), now() + interval '10 years' FROM generate_series(1, 1) n;
