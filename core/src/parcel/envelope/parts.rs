//! What every version of an envelope holds: `Parts`.

use super::super::label::Label;
use super::times::Times;

/// What is read out of an envelope.
pub(super) struct Parts<'a> {
    pub(super) times: Times,
    pub(super) label: Label,
    pub(super) payload: &'a [u8],
}
