%begin%
SELECT i.id, i.number, i.status, i.total, c.name, l.lines
FROM (SELECT * FROM invoice ORDER BY id LIMIT 20) i
JOIN customer c ON c.id = i.customer_id
CROSS JOIN LATERAL (
    SELECT json_agg(json_build_array(description, quantity, unit_price::text) ORDER BY position) AS lines
    FROM invoice_line WHERE invoice_id = i.id
) l ORDER BY i.id;
