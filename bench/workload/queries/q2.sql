%begin%
SELECT e.id, e.name, d.name AS department
FROM employee e LEFT JOIN department d ON d.id = e.department_id ORDER BY e.id LIMIT 20;
