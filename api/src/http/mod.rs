//! What knows headers, statuses and layers.

pub mod graphiql;
