//! Colours of the page that a workspace may choose, and whether words in them can be read.
//!
//! Contrast is WCAG 2.2's (relative luminance of sRGB). One chosen colour gives four: on light ground as it
//! is, on dark ground lightened until it can be read there, and a stronger one of each for what is pointed at.

use std::fmt;

/// The least contrast of text to what is behind it (WCAG 2.2, 1.4.3).
pub const LEAST_CONTRAST: f64 = 4.5;
/// The darkest of the page's light surfaces on which accented words stand: `--tint` of the style sheet.
pub const LIGHT_SURFACE: Colour = Colour([0xe6, 0xf0, 0xf0]);
/// The lightest of the page's dark surfaces: `--tint` in the dark.
pub const DARK_SURFACE: Colour = Colour([0x22, 0x34, 0x3a]);
const WHITE: Colour = Colour([255; 3]);
const BLACK: Colour = Colour([0; 3]);
/// How much is mixed in at a time until a colour can be read, in hundredths.
const STEP: u16 = 4;
/// How much stronger a colour is when it is pointed at, in hundredths.
const STRONGER: u16 = 28;

/// Red, green and blue of sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// An accent for one ground, and the stronger one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accent {
    /// Of words, and of buttons.
    pub plain: Colour,
    /// The same when pointed at.
    pub strong: Colour,
}

impl Colour {
    /// Reads `#rrggbb`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let part = |at: usize| {
            let pair = digits.get(at..at + 2).filter(|pair| pair.bytes().all(|b| b.is_ascii_hexdigit()))?;
            u8::from_str_radix(pair, 16).ok()
        };
        Some(Self([part(0)?, part(2)?, part(4)?]))
    }

    /// From 1 (none) to 21 (black on white).
    #[must_use]
    pub fn contrast_to(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// This colour as accent of the light page.
    #[must_use]
    pub fn on_light(self) -> Accent {
        Accent { plain: self, strong: self.mixed(BLACK, STRONGER) }
    }

    /// This colour as accent of the dark page: as much lighter as it takes.
    #[must_use]
    pub fn on_dark(self) -> Accent {
        let lighter = (0..=100).step_by(usize::from(STEP)).filter_map(|share| u16::try_from(share).ok());
        let mut lighter = lighter.map(|share| self.mixed(WHITE, share));
        let plain = lighter.find(|one| one.contrast_to(DARK_SURFACE) >= LEAST_CONTRAST).unwrap_or(WHITE);
        Accent { plain, strong: plain.mixed(WHITE, STRONGER) }
    }

    /// With `share` hundredths of `other`.
    fn mixed(self, other: Self, share: u16) -> Self {
        let mix = |own: u8, other: u8| {
            let sum = u16::from(own) * (100 - share) + u16::from(other) * share;
            u8::try_from(sum / 100).unwrap_or(u8::MAX)
        };
        let [red, green, blue] = self.0;
        let [r, g, b] = other.0;
        Self([mix(red, r), mix(green, g), mix(blue, b)])
    }

    /// Relative luminance, from 0 (black) to 1 (white).
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn contrast_is_that_of_the_standard() {
        assert!((BLACK.contrast_to(WHITE) - 21.0).abs() < 0.001);
        assert!((WHITE.contrast_to(WHITE) - 1.0).abs() < 0.001);
        // The textbook's grey, the lightest that is enough on white.
        assert!((Colour::parse("#767676").unwrap().contrast_to(WHITE) - 4.54).abs() < 0.01);
    }

    #[test]
    fn a_colour_is_six_digits_and_nothing_else() {
        assert_eq!(Colour::parse("#0E5a63").map(|c| c.to_string()).as_deref(), Some("#0e5a63"));
        for bad in ["", "#", "0e5a63", "#0e5a6", "#0e5a633", "#+e5a63", "#0e 5a3", "#éé63", "red"] {
            assert_eq!(Colour::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            max_global_rejects: 100_000,
            ..ProptestConfig::default()
        })]

        #[test]
        fn whatever_is_dark_enough_for_light_ground_can_be_read_everywhere(parts: [u8; 3]) {
            let chosen = Colour(parts);
            prop_assume!(chosen.contrast_to(LIGHT_SURFACE) >= LEAST_CONTRAST);

            let (light, dark) = (chosen.on_light(), chosen.on_dark());
            for accent in [light.plain, light.strong] {
                prop_assert!(accent.contrast_to(LIGHT_SURFACE) >= LEAST_CONTRAST);
                prop_assert!(accent.contrast_to(WHITE) >= LEAST_CONTRAST, "white words on a button");
            }
            let ground = Colour([0x08, 0x28, 0x2c]);
            for accent in [dark.plain, dark.strong] {
                prop_assert!(accent.contrast_to(DARK_SURFACE) >= LEAST_CONTRAST);
                prop_assert!(accent.contrast_to(ground) >= LEAST_CONTRAST, "dark words on a button");
            }
        }
    }
}
