//! Products that look real: the same for the same seed.

use std::fmt::Write as _;
use std::sync::Arc;

use larder::Random;

/// A row of the database. Cloning it copies no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Product {
    pub(crate) id: u64,
    pub(crate) name: Arc<str>,
    pub(crate) cents: u64,
    pub(crate) description: Arc<str>,
}

larder::sql::record!(Product { id, name, cents, description });

impl Product {
    /// Product number `id` of the shop that `seed` stands for.
    pub(crate) fn made_up(id: u64, seed: u64) -> Self {
        let random = Random::seeded(seed.wrapping_add(id.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let material = pick(&random, MATERIALS);
        let name = format!("{} {material} {}", pick(&random, LOOKS), pick(&random, THINGS));
        let price = (1.2 + 5.5 * random.next_f64()).exp();
        Self {
            id,
            name: name.into(),
            cents: price as u64 * 100 + pick(&random, &[0, 49, 90, 95, 99]),
            description: description(&random, &material.to_lowercase()).into(),
        }
    }

    /// The price, with its currency.
    pub(crate) fn price(&self) -> String {
        format!("€{}.{:02}", self.cents / 100, self.cents % 100)
    }
}

/// A few sentences; rarely many.
fn description(random: &Random, material: &str) -> String {
    let sentences = (2.0 / (1.0 - random.next_f64()).sqrt()).min(24.0) as u64;
    let mut text = String::new();
    for sentence in 0..sentences {
        let (town, number) = (pick(random, TOWNS), 2 + random.next() % 40);
        let _ = match (sentence, random.next() % 5) {
            (0, _) => write!(text, "Made of {material} in a small workshop in {town}."),
            (_, 0) => {
                write!(text, " It comes in {number} colours; the one shown is {}.", pick(random, COLOURS))
            }
            (_, 1) => {
                write!(text, " Customers in {town} gave it {}.{} of 5 stars.", 3 + number % 2, number % 10)
            }
            (_, 2) => write!(text, " Sent within {number} hours, in a box that can go back."),
            (_, 3) => {
                write!(text, " The {material} gets better with the years, and is guaranteed for {number}.")
            }
            _ => write!(text, " It measures {number} by {} cm and weighs {}0 g.", number + 7, number + 3),
        };
    }
    text
}

fn pick<T: Copy>(random: &Random, of: &[T]) -> T {
    of[(random.next() % of.len() as u64) as usize]
}

const LOOKS: &[&str] = &[
    "Quiet",
    "Folding",
    "Little",
    "Everyday",
    "Striped",
    "Round",
    "Travelling",
    "Winter",
    "Garden",
    "Plain",
    "Grandmother's",
    "Harbour",
    "Attic",
    "Sunday",
    "Slim",
    "Sturdy",
];
const MATERIALS: &[&str] = &[
    "Walnut",
    "Linen",
    "Enamel",
    "Copper",
    "Wool",
    "Oak",
    "Cork",
    "Glass",
    "Leather",
    "Bamboo",
    "Steel",
    "Stoneware",
    "Cotton",
    "Brass",
];
const THINGS: &[&str] = &[
    "Teapot",
    "Desk Lamp",
    "Bookshelf",
    "Blanket",
    "Kettle",
    "Stool",
    "Bread Box",
    "Picnic Basket",
    "Mirror",
    "Notebook",
    "Backpack",
    "Wall Clock",
    "Salt Mill",
    "Rug",
    "Coat Hook",
    "Watering Can",
    "Serving Tray",
    "Apron",
];
const TOWNS: &[&str] =
    &["Bergen", "Porto", "Graz", "Ghent", "Turku", "Bologna", "Kraków", "Nantes", "Galway", "Ljubljana"];
const COLOURS: &[&str] = &["moss green", "chalk white", "ink blue", "brick red", "mustard", "slate grey"];
