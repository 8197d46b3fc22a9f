//! The rules for HTTP.

mod body;
mod directives;
mod key;
mod response;
mod rules;

pub use body::CachedBody;
pub use key::HttpKey;
pub use response::HttpResponse;
pub use rules::Http;
