\set row random(1, 100)
%begin%
SELECT id, name FROM employee WHERE id = %row%;
