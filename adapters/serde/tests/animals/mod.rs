//! Values that the tests have in common.

use std::collections::BTreeMap;
use std::num::NonZeroU8;

use larder_core::{Context, Life};
use serde::{Deserialize, Serialize};

pub(crate) const CONTEXT: Context<'static> = Context { key: b"key", life: Life::DEFAULT };

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Pet {
    None,
    Cat(String, u8),
    Dog { name: String, friends: Vec<Pet> },
    Number(NonZeroU8),
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) age: u32,
    pub(crate) scores: BTreeMap<String, f64>,
}

/// One of each kind.
pub(crate) fn pets() -> Vec<Pet> {
    let dog = |friends| Pet::Dog { name: "Rex".into(), friends };
    vec![Pet::None, Pet::Cat("Mia".into(), 9), dog(vec![dog(vec![]), Pet::None]), Pet::Number(NonZeroU8::MAX)]
}
