//! Departments and employees.
