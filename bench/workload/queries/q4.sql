\set row random(1, 50)
%begin%
WITH i AS (
    INSERT INTO invoice (id, number, customer_id, issued_on, due_on, status, total, created_at)
    VALUES (gen_random_uuid(), 'B-' || gen_random_uuid(), %row%, '2026-11-01', '2026-12-01', 'open', 232.25, now())
    RETURNING id, number, total
), l AS (
    INSERT INTO invoice_line (id, invoice_id, position, description, quantity, unit_price)
    SELECT gen_random_uuid(), i.id, x.* FROM i,
        (VALUES (0, 'Work', 2, 80.00), (1, 'Travel', 1, 35.50), (2, 'Material', 3, 12.25)) x
) SELECT * FROM i;
