//! Entropy that repeats, so that ids and tokens in snapshots stay the same.

use std::sync::atomic::{AtomicU64, Ordering};

use obol_domain::Entropy;

/// The bytes of a SplitMix64 sequence. For tests; nothing about it is secret.
#[derive(Debug)]
pub struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    /// Begins the sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        for chunk in buffer.chunks_mut(8) {
            let mut word = self.0.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^= word >> 31;
            for (to, from) in chunk.iter_mut().zip(word.to_le_bytes()) {
                *to = from;
            }
        }
    }
}
