//! A tenant's own data. No entity here names a schema: the scope decides.

pub mod customer;
pub mod department;
pub mod employee;
pub mod invoice;
pub mod invoice_line;
pub mod number_series;
pub mod session;
pub mod user;
