//! What every Oracle Cloud call shares: identifiers, errors, request ids, paging and request signatures (contract
//! analytics 2.2, 3, 4 and 5.1).

pub mod error;
pub mod fingerprint;
pub mod ocid;
pub mod page_token;
pub mod pem;
pub mod request_id;
pub mod signature;

pub use error::{ErrorBody, ErrorCode};
pub use fingerprint::Fingerprint;
pub use ocid::Ocid;
pub use page_token::PageToken;
pub use request_id::RequestId;
