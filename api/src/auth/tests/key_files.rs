//! Where keys come from, and what is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;
use tempfile::tempdir;

use super::super::keys::{KeyError, Keys};
use super::super::pem::PemError;
use super::key_file;

const SECRET: &[u8] = b"planted-secret-0123456789abcdef0";

fn load(names: &[&str]) -> Result<Keys, KeyError> {
    let paths: Vec<_> = names.iter().copied().map(key_file).collect();
    Keys::from_pem_files(&paths)
}

fn pem_error(names: &[&str]) -> PemError {
    match load(names) {
        Err(KeyError::Pem { source, .. }) => source,
        other => panic!("expected an error about the PEM, got {other:?}"),
    }
}

#[test]
fn a_secret_has_32_bytes_at_least() {
    assert!(Keys::from_secret(SECRET).is_ok());
    for short in [&SECRET[..31], b""] {
        let refused = Keys::from_secret(short);
        assert!(matches!(refused, Err(KeyError::ShortSecret { bytes }) if bytes == short.len()));
    }
}

#[test]
fn ed25519_and_rsa_keys_load_and_are_published() {
    for (file, alg, kty) in [
        ("ed25519.pem", "EdDSA", "OKP"),
        ("rsa_2048.pem", "RS256", "RSA"),
        ("rsa_2048.pkcs1.pem", "RS256", "RSA"),
    ] {
        let set = load(&[file]).unwrap().jwks();
        let key = &set["keys"][0];
        assert_eq!(
            (&key["alg"], &key["kty"], &key["use"]),
            (&json!(alg), &json!(kty), &json!("sig"))
        );
        assert_eq!(set["keys"].as_array().unwrap().len(), 1);
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert_eq!(key.get(private), None, "{file} publishes {private}");
        }
    }
}

#[test]
fn the_key_id_is_the_thumbprint_of_the_rfc() {
    let set = load(&["ed25519.pem"]).unwrap().jwks();
    let expected = json!({ "keys": [{
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    }] });
    assert_eq!(set, expected);
}

#[test]
fn both_halves_of_a_key_have_one_id() {
    for (private, public, other) in [
        ("ed25519_next.pem", "ed25519.public.pem", "ed25519.pem"),
        ("rsa_2048.pem", "rsa_2048.public.pem", "rsa_2048.pkcs1.pem"),
    ] {
        let with_public = load(&[private, public]).unwrap().jwks();
        let with_private = load(&[private, other]).unwrap().jwks();
        assert_eq!(with_public, with_private);
        assert_eq!(with_public["keys"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn a_shared_secret_is_not_published() {
    let keys = Keys::from_secret(SECRET).unwrap();
    assert_eq!(keys.jwks(), json!({ "keys": [] }));
}

#[test]
fn what_cannot_sign_or_is_of_another_kind_is_refused() {
    assert!(matches!(load(&[]), Err(KeyError::None)));
    assert!(matches!(
        load(&["ed25519.public.pem"]),
        Err(KeyError::FirstIsPublic)
    ));
    assert!(matches!(
        load(&["rsa_2048.public.pem", "rsa_2048.pem"]),
        Err(KeyError::FirstIsPublic)
    ));
    assert!(matches!(
        load(&["no such file"]),
        Err(KeyError::Read { .. })
    ));
    let mixed = load(&["ed25519.pem", "rsa_2048.public.pem"]);
    assert!(matches!(mixed, Err(KeyError::MixedAlgorithms { .. })));
    assert_eq!(pem_error(&["p256.pem"]), PemError::Unsupported);
    assert_eq!(
        pem_error(&["rsa_1024.pem"]),
        PemError::WeakRsa { bits: 1024 }
    );
    assert_eq!(pem_error(&["ed25519.encrypted.pem"]), PemError::Encrypted);
    assert_eq!(pem_error(&["../mod.rs"]), PemError::NotPem);
}

#[test]
fn damaged_files_are_refused() {
    let whole = fs::read_to_string(key_file("ed25519.pem")).unwrap();
    let folder = tempdir().unwrap();
    let path = folder.path().join("key.pem");
    for cut in [0, 20, 40, whole.len() / 2, whole.len() - 20] {
        fs::write(&path, &whole[..cut]).unwrap();
        assert!(
            matches!(Keys::from_pem_files(&[&path]), Err(KeyError::Pem { .. })),
            "{cut}"
        );
    }
    fs::write(&path, &whole).unwrap();
    assert!(Keys::from_pem_files(&[&path]).is_ok());
}

#[test]
fn a_generated_secret_is_kept_and_nobody_elses_to_read() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("secret");
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;

    let first = format!("{:?}", Keys::load_or_generate(&path).unwrap());
    assert_eq!(mode(), 0o600);
    assert_eq!(
        fs::read_dir(&folder).unwrap().count(),
        1,
        "no draft is left"
    );

    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let again = format!("{:?}", Keys::load_or_generate(&path).unwrap());
    assert_eq!(first, again, "the key id is the same");
    assert_eq!(mode(), 0o600);

    let elsewhere = Keys::load_or_generate(&folder.path().join("other")).unwrap();
    assert_ne!(first, format!("{elsewhere:?}"));
}

#[test]
fn processes_that_start_together_share_one_secret() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("secret");
    let start = || format!("{:?}", Keys::load_or_generate(&path).unwrap());
    let all = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        let keys = threads.into_iter().map(|thread| thread.join().unwrap());
        keys.collect::<Vec<_>>()
    });
    assert!(all.iter().all(|keys| *keys == all[0]), "{all:?}");
    assert_eq!(
        fs::read_dir(&folder).unwrap().count(),
        1,
        "no draft is left"
    );
}

#[test]
fn a_secret_that_cannot_be_kept_or_is_damaged_is_an_error() {
    let folder = tempdir().unwrap();
    let nowhere = folder.path().join("missing/secret");
    assert!(matches!(
        Keys::load_or_generate(&nowhere),
        Err(KeyError::SecretFile { .. })
    ));
    let path = folder.path().join("secret");
    fs::write(&path, "").unwrap();
    assert!(matches!(
        Keys::load_or_generate(&path),
        Err(KeyError::BrokenSecretFile { .. })
    ));
}

#[test]
fn keys_are_not_in_debug() {
    let shown = format!("{:?}", Keys::from_secret(SECRET).unwrap());
    assert!(shown.contains("HS256"), "{shown}");
    assert!(!shown.contains("planted"), "{shown}");
    assert!(
        !shown.contains(&format!("{:?}", &SECRET[..4]).replace(['[', ']'], "")),
        "{shown}"
    );
    let ed = format!("{:?}", load(&["ed25519.pem"]).unwrap());
    assert!(!ed.contains("nWGxne") && !ed.contains("157, 97"), "{ed}");
    let error = Keys::from_secret(b"planted").unwrap_err();
    assert!(!format!("{error:?} {error}").contains("planted"));
}
