//! A QR code as the path of an inline picture, so that neither script nor a second request is needed to show one.

use std::fmt::Write as _;

use obol_protocol::Secret;
use qrcode::{Color, EcLevel, QrCode};

/// The quiet border around it, in modules (ISO/IEC 18004).
const BORDER: usize = 4;

/// A QR code.
#[derive(Clone)]
pub(crate) struct Picture {
    /// Modules along each side, the border included.
    pub(crate) size: usize,
    /// The dark modules as the path of an SVG. It holds the secret, so it is not printed.
    path: Secret,
}

impl Picture {
    /// Draws a text; nothing when it is longer than any QR code.
    pub(crate) fn of(text: &Secret) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text.expose().as_bytes(), EcLevel::M).ok()?;
        let width = code.width();
        let mut path = String::new();
        for (index, color) in code.to_colors().into_iter().enumerate() {
            if color == Color::Dark {
                let (x, y) = (index % width + BORDER, index / width + BORDER);
                let _infallible = write!(path, "M{x} {y}h1v1h-1z");
            }
        }
        Some(Self { size: width + 2 * BORDER, path: Secret::new(path) })
    }

    /// The dark modules, for the page.
    pub(crate) fn path(&self) -> &str {
        self.path.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_its_border_and_its_three_corners() {
        let picture = Picture::of(&Secret::new("otpauth://totp/a:b?secret=GEZDGNBVGY3TQOJQ")).unwrap();
        let last = picture.size - BORDER - 1;
        for (x, y) in [(4, 4), (last, 4), (4, last)] {
            assert!(picture.path().contains(&format!("M{x} {y}h1v1h-1z")), "{x} {y}");
        }
        assert!(!picture.path().contains("M3 ") && !picture.path().contains("-1 "));
        assert!(picture.path().chars().all(|c| "Mhvz- 0123456789".contains(c)), "nothing to escape");
    }

    #[test]
    fn what_is_too_long_is_not_drawn() {
        assert!(Picture::of(&Secret::new("a".repeat(5000))).is_none());
    }
}
