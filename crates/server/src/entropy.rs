//! The server's randomness.

use obol_domain::Entropy;

/// The operating system's generator, through aws-lc.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::expect_used, reason = "no secret can be made without randomness; going on would be worse")]
    fn fill(&self, buffer: &mut [u8]) {
        #[expect(clippy::disallowed_methods, reason = "the one place where randomness comes from")]
        aws_lc_rs::rand::fill(buffer).expect("the operating system gives random bytes");
    }
}
