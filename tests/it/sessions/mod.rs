//! Signing in, staying signed in and signing out: the same promises in both realms.

/// Runs each test at a tenant and in the shared realm.
macro_rules! in_both_realms {
    ($($test:ident,)+) => {
        mod at_a_tenant {
            $(#[tokio::test]
            async fn $test() {
                super::$test::<tenancy::TenantRealm>().await;
            })+
        }

        mod in_the_shared_realm {
            $(#[tokio::test]
            async fn $test() {
                super::$test::<tenancy::SharedRealm>().await;
            })+
        }
    };
}

mod leaving;
mod login;
mod refresh;
mod stage;
mod wire;
