//! Asymmetric keys, two of them alive while they are changed, and an outside library's word on them.

use std::path::{Path, PathBuf};
use std::process::Command;

use api::auth::TenantRole;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::server::UNSET;
use tests::{TestServer, debian};

use super::{ME, login};
use crate::node;

/// Private keys in files, as an operator makes them.
pub(super) struct Keys {
    folder: TempDir,
}

impl Keys {
    /// One key of each of these kinds.
    pub(super) fn generate(kinds: &[&str]) -> Self {
        let keys = Self {
            folder: TempDir::new().unwrap(),
        };
        for (number, kind) in kinds.iter().enumerate() {
            let path = keys.path(number);
            openssl(&[
                "genpkey",
                "-algorithm",
                kind,
                "-out",
                path.to_str().unwrap(),
            ]);
        }
        keys
    }

    pub(super) fn path(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("{number}.pem"))
    }

    /// These keys as the setting has them, the first of which signs.
    pub(super) fn list(&self, numbers: &[usize]) -> String {
        let paths = numbers.iter().map(|number| self.path(*number));
        let paths = paths.map(|path| path.display().to_string());
        paths.collect::<Vec<_>>().join(",")
    }
}

/// The public half of a key.
pub(super) fn public_pem(path: &Path) -> String {
    openssl(&["pkey", "-pubout", "-in", path.to_str().unwrap()])
}

/// Key files in place of a secret.
pub(super) fn settings(files: &str) -> [(&'static str, &str); 2] {
    [
        ("INSULA_JWT_KEY_FILES", files),
        ("INSULA_JWT_SECRET", UNSET),
    ]
}

fn openssl(arguments: &[&str]) -> String {
    let run = || Command::new("openssl").args(arguments).output();
    let output = run().or_else(|_| {
        debian::install("openssl");
        run()
    });
    let output = output.expect("openssl: on Debian by `apt-get install openssl`");
    assert!(output.status.success(), "openssl {arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

async fn takes(server: &TestServer, token: &str) -> bool {
    let answer = server.tenant("python").bearing(token).query(ME).await;
    let good = answer.status == 200;
    if good {
        assert_eq!(answer.at("me.email"), "owner@python.test");
    } else {
        answer.assert_refused(401, "UNAUTHENTICATED");
    }
    good
}

/// A server of one fleet, with these keys.
async fn server(database: &str, keys: &str) -> TestServer {
    TestServer::on(database, &settings(keys)).await
}

async fn key_ids(server: &TestServer) -> Vec<Value> {
    let keys = server.anybody().path("/.well-known/jwks.json").await.json();
    let keys = keys["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].clone()).collect()
}

#[tokio::test]
async fn keys_are_rotated_without_anybody_being_logged_out() {
    for kind in ["ed25519", "rsa"] {
        let keys = Keys::generate(&[kind, kind]);
        let first = TestServer::with(&settings(&keys.list(&[0]))).await;
        // The public half of the coming key first, then it signs, and in the end the old one goes.
        let announced = server(&first.database, &keys.list(&[0, 1])).await;
        let changed = server(&first.database, &keys.list(&[1, 0])).await;
        let last = server(&first.database, &keys.list(&[1])).await;

        let old = login(&first.tenant("python"), "owner@python.test").await.0;
        let (new, refresh) = login(&changed.tenant("python"), "owner@python.test").await;
        for (server, takes_old, takes_new) in [
            (&first, true, false),
            (&announced, true, true),
            (&changed, true, true),
            (&last, false, true),
        ] {
            assert_eq!(takes(server, &old).await, takes_old);
            assert_eq!(takes(server, &new).await, takes_new);
        }
        let input = json!({ "refreshToken": refresh });
        let python = last.tenant("python");
        let refreshed = python.mutate("refreshToken", &input, "accessToken").await;
        let refreshed = refreshed.at("accessToken");
        assert!(takes(&last, refreshed.as_str().unwrap()).await);

        let (mut both, one) = (key_ids(&changed).await, key_ids(&last).await);
        assert_eq!((both.len(), one.len()), (2, 1));
        assert_eq!(both[0], one[0], "the first one signs");
        both.reverse();
        assert_eq!(key_ids(&announced).await, both);
    }
}

#[tokio::test]
async fn an_outside_library_verifies_with_the_published_keys() {
    for (kind, algorithm) in [("ed25519", "EdDSA"), ("rsa", "RS256")] {
        let keys = Keys::generate(&[kind, kind]);
        let server = TestServer::with(&settings(&keys.list(&[1, 0]))).await;
        let owner = server.people().user("python", TenantRole::Owner);
        let audience = server.people().tenant("python").id.to_string();
        let jwks = server.url("/.well-known/jwks.json");
        let token = server.token(&owner);
        let said = node::run("jwks.mjs", &[&jwks, &token, "insula", &audience], &[]).await;
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(said["header"]["alg"], algorithm);
        assert_eq!(said["payload"]["sub"], json!(owner.user()));
        assert_eq!(
            said["others"],
            json!({
                "another issuer": "ERR_JWT_CLAIM_VALIDATION_FAILED",
                "another audience": "ERR_JWT_CLAIM_VALIDATION_FAILED",
                "another signature": "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
            })
        );
    }
}

#[tokio::test]
async fn a_shared_secret_is_published_to_nobody() {
    let server = TestServer::start().await;
    let answer = server.anybody().path("/.well-known/jwks.json").await;
    assert_eq!(answer.json(), json!({ "keys": [] }));
}
