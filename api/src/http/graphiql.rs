//! The playground: a page at `/graphiql` that asks no other server for anything. `build.rs` builds it.

use axum::Router;
use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Json, Redirect, Response};
use axum::routing::get;
use include_dir::{Dir, include_dir};
use serde::Serialize;

use crate::state::State;

static SITE: Dir<'static> = include_dir!("$OUT_DIR/graphiql");

/// Styles alone may be inline: the editor makes them as it goes. Its workers start from the same origin.
const CONTENT_SECURITY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// What the page must know of the server that it talks to.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Playground {
    /// The header in which the tenant's domain travels.
    pub tenant_header: String,
    /// The tenants to offer: everyone can read this list, so it names the demo tenants or none.
    pub tenants: Vec<OfferedTenant>,
}

impl Playground {
    /// The playground of a server that offers these tenants.
    pub fn of(state: &State, tenants: Vec<OfferedTenant>) -> Self {
        Self {
            tenant_header: state.config.tenancy.header_name.to_string(),
            tenants,
        }
    }
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferedTenant {
    pub domain: String,
    pub label: String,
    /// Stands in the sign-in form to begin with.
    pub email: Option<String>,
}

/// The page, what it loads, and what it asks about this server.
pub fn routes<S>(playground: Playground) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    serve(&SITE, playground)
}

fn serve<S>(site: &'static Dir<'static>, playground: Playground) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let config = ([(CACHE_CONTROL, "no-cache")], Json(playground));
    Router::new()
        .route("/graphiql", get(move || async move { page(site) }))
        .route(
            "/graphiql/",
            get(|| async { Redirect::permanent("/graphiql") }),
        )
        .route(
            "/graphiql/config.json",
            get(move || async move { config.clone() }),
        )
        .route(
            "/graphiql/assets/{name}",
            get(move |Path(name): Path<String>| async move { asset(site, &name) }),
        )
        .layer(map_response(guarded))
}

fn page(site: &'static Dir<'static>) -> Response {
    let Some(page) = site.get_file("index.html") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    (
        [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CACHE_CONTROL, "no-cache"),
        ],
        page.contents(),
    )
        .into_response()
}

/// An asset's name carries a hash of its content, so it never changes. It is embedded compressed and sent as it lies
/// there: what reads it is a browser, and those all take gzip.
fn asset(site: &'static Dir<'static>, name: &str) -> Response {
    let Some(file) = site.get_file(format!("assets/{name}.gz")) else {
        return (StatusCode::NOT_FOUND, "The playground has no such file.\n").into_response();
    };
    let headers = [
        (CONTENT_TYPE, content_type(name)),
        (CONTENT_ENCODING, "gzip"),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, file.contents()).into_response()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("ttf") => "font/ttf",
        _ => "application/octet-stream",
    }
}

async fn guarded(mut response: Response) -> Response {
    const GUARDS: [(HeaderName, &str); 3] = [
        (CONTENT_SECURITY_POLICY, CONTENT_SECURITY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in GUARDS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::header::AsHeaderName;
    use axum::http::{HeaderMap, Request};
    use include_dir::{DirEntry, File};
    use serde_json::json;
    use tower::ServiceExt;

    use super::*;

    static TOY: Dir<'static> = Dir::new(
        "",
        &[
            DirEntry::File(File::new("index.html", b"<p>page")),
            DirEntry::Dir(Dir::new(
                "assets",
                &[
                    DirEntry::File(File::new("assets/a-1.js.gz", b"js")),
                    DirEntry::File(File::new("assets/a-2.css.gz", b"css")),
                ],
            )),
        ],
    );

    struct Answer {
        status: StatusCode,
        headers: HeaderMap,
        body: String,
    }

    impl Answer {
        fn header(&self, name: impl AsHeaderName) -> &str {
            self.headers
                .get(name)
                .map_or("", |value| value.to_str().unwrap())
        }
    }

    async fn ask(site: &'static Dir<'static>, path: &str) -> Answer {
        let playground = Playground {
            tenant_header: "X-Shop".to_owned(),
            tenants: vec![OfferedTenant {
                domain: "python.localhost".to_owned(),
                label: "Supermarket Python".to_owned(),
                email: None,
            }],
        };
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = serve(site, playground).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    #[tokio::test]
    async fn the_page_is_html_that_is_asked_for_each_time() {
        let page = ask(&TOY, "/graphiql").await;
        assert_eq!(
            (page.status, page.body.as_str()),
            (StatusCode::OK, "<p>page")
        );
        assert_eq!(page.header(CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(page.header(CACHE_CONTROL), "no-cache");
    }

    #[tokio::test]
    async fn a_trailing_slash_leads_to_the_page() {
        let answer = ask(&TOY, "/graphiql/").await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::PERMANENT_REDIRECT, "/graphiql")
        );
    }

    #[tokio::test]
    async fn assets_have_their_type_and_never_expire() {
        for (path, content_type, body) in [
            (
                "/graphiql/assets/a-1.js",
                "text/javascript; charset=utf-8",
                "js",
            ),
            ("/graphiql/assets/a-2.css", "text/css; charset=utf-8", "css"),
        ] {
            let asset = ask(&TOY, path).await;
            assert_eq!((asset.status, asset.body.as_str()), (StatusCode::OK, body));
            assert_eq!(asset.header(CONTENT_TYPE), content_type);
            assert_eq!(asset.header(CONTENT_ENCODING), "gzip");
            assert_eq!(
                asset.header(CACHE_CONTROL),
                "public, max-age=31536000, immutable"
            );
        }
    }

    #[tokio::test]
    async fn an_unknown_asset_is_not_found_and_not_cached() {
        for path in [
            "/graphiql/assets/a-3.js",
            "/graphiql/assets/..%2Findex.html",
            "/graphiql/assets/a-1.js.gz",
        ] {
            let answer = ask(&TOY, path).await;
            assert_eq!(
                (answer.status, answer.header(CACHE_CONTROL)),
                (StatusCode::NOT_FOUND, ""),
                "{path}"
            );
        }
    }

    #[tokio::test]
    async fn every_answer_confines_the_browser_to_this_server() {
        for path in [
            "/graphiql",
            "/graphiql/config.json",
            "/graphiql/assets/a-1.js",
            "/graphiql/assets/none.js",
        ] {
            let answer = ask(&TOY, path).await;
            assert_eq!(
                answer.header(CONTENT_SECURITY_POLICY),
                CONTENT_SECURITY,
                "{path}"
            );
            assert_eq!(answer.header(REFERRER_POLICY), "no-referrer", "{path}");
            assert_eq!(answer.header(X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
        }
        assert!(
            CONTENT_SECURITY.contains("script-src 'self';"),
            "no inline script, no eval"
        );
        assert!(!CONTENT_SECURITY.contains("//"), "no other host");
    }

    #[tokio::test]
    async fn the_page_learns_the_header_and_the_tenants() {
        let config = ask(&TOY, "/graphiql/config.json").await;
        assert_eq!(config.header(CONTENT_TYPE), "application/json");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&config.body).unwrap(),
            json!({
                "tenantHeader": "X-Shop",
                "tenants": [{ "domain": "python.localhost", "label": "Supermarket Python", "email": null }],
            })
        );
    }

    #[tokio::test]
    async fn all_that_the_embedded_page_loads_is_there() {
        let page = ask(&SITE, "/graphiql").await;
        assert_eq!(page.status, StatusCode::OK);
        for reference in page
            .body
            .split(['"', '\''])
            .filter(|text| text.starts_with("/graphiql/"))
        {
            assert_eq!(
                ask(&SITE, reference).await.status,
                StatusCode::OK,
                "{reference}"
            );
        }
    }

    #[test]
    fn every_embedded_asset_has_a_known_type() {
        let assets = SITE.get_dir("assets").map(Dir::files).into_iter().flatten();
        for file in assets {
            let name = file
                .path()
                .to_str()
                .unwrap()
                .strip_suffix(".gz")
                .expect("assets are embedded compressed");
            assert_ne!(content_type(name), "application/octet-stream", "{name}");
        }
    }

    #[tokio::test]
    async fn without_npm_the_page_says_what_to_do() {
        static UNBUILT: Dir<'static> = Dir::new(
            "",
            &[DirEntry::File(File::new(
                "index.html",
                include_bytes!("../../graphiql/unbuilt.html"),
            ))],
        );
        let page = ask(&UNBUILT, "/graphiql").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("Install <a") && page.body.contains("touch api/build.rs"));
        assert!(!page.body.contains("<script"), "it works without any asset");
    }
}
