//! Who is asking, and what may they do?
//!
//! Read in this order:
//!
//! 1. [`principal`]: somebody who is signed in, and the roles of both realms.
//! 2. [`permission`]: what each role may do, in one table; [`Can<P>`](permission::Can) is the
//!    proof of a check, which resolvers and steps of business take as an argument.
//! 3. [`token`]: a principal as a short-lived signed text, and back.
//! 4. [`keys`]: what signs it; `pem` and `secret_file` say where keys come from.
//! 5. [`refresh`]: the long-lived random text that gets a new access token.
//! 6. [`password`]: how somebody is known in the first place.
//! 7. [`limiter`]: how often that may be tried.
//!
//! This room knows no request, no GraphQL and no database. What depends on a row (is the session
//! still there, is the user disabled, which hash belongs to this address) is asked by `app`, which
//! hands the values in. Time comes in as a value too.

pub mod keys;
pub mod limiter;
pub mod password;
mod pem;
pub mod permission;
pub mod principal;
pub mod refresh;
mod secret_file;
pub mod token;

#[cfg(test)]
mod tests;

pub use keys::{KeyError, Keys};
pub use limiter::{Limited, Limiter};
pub use password::{Hasher, Password};
pub use permission::{Caller, Can, Denied, Permission};
pub use principal::{Audience, OperatorRole, Principal, Role, TenantRole};
pub use refresh::RefreshToken;
pub use token::{MintedToken, ReadToken, TokenError, Tokens};
