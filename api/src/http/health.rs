//! Whether the server lives, whether it can serve, and by which keys its tokens are known.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;

use super::server::Server;
use crate::app::{doctor, fleet};

/// The process runs. Asks nobody, so it needs no tenant and no database.
pub(super) async fn alive() -> Response {
    Json(json!({ "status": "alive" })).into_response()
}

/// The database answers and its shared realm is what this server needs.
pub(super) async fn ready(Shared(server): Shared<Arc<Server>>) -> Response {
    let (status, word) =
        match fleet::shared_is_current(&server.state, &server.state.database.directory()).await {
            Ok(true) if server.state.is_proven.load(Ordering::Acquire) => (StatusCode::OK, "ready"),
            Ok(true) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database is not proven to be safe yet",
            ),
            Ok(false) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the shared realm is behind",
            ),
            Err(error) => {
                tracing::warn!(error = crate::chain(&error), "not ready");
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    "the database is not available",
                )
            }
        };
    let isolation = doctor::level(&server.state);
    let answer = json!({ "status": word, "isolation": isolation });
    (status, Json(answer)).into_response()
}

/// The public keys, where keys are asymmetric.
pub(super) async fn keys(Shared(server): Shared<Arc<Server>>) -> Response {
    let jwks = server.state.tokens.keys().jwks();
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(jwks)).into_response()
}
