//! Products that look real: the same for the same number.

use larder::Random;
use serde::{Deserialize, Serialize};

/// A row of the database, and what the service answers with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Product {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) cents: u64,
    pub(crate) description: String,
}

larder::sql::record!(Product { id, name, cents, description });

impl Product {
    /// Product number `id`, with one to three KiB of description.
    pub(crate) fn made_up(id: u64) -> Self {
        let random = Random::seeded(id.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let name = format!("{} {} no. {id}", pick(&random, LOOKS), pick(&random, THINGS));
        let length = 1_000 + random.next() % 2_000;
        let mut description = format!("The {name}.");
        while description.len() < length as usize {
            description.push(' ');
            description.push_str(pick(&random, SENTENCES));
        }
        Self { id, name, cents: 100 + random.next() % 20_000, description }
    }
}

fn pick<'a>(random: &Random, of: &[&'a str]) -> &'a str {
    of[(random.next() % of.len() as u64) as usize]
}

const LOOKS: &[&str] = &["Quiet", "Folding", "Everyday", "Striped", "Winter", "Harbour", "Sunday", "Sturdy"];
const THINGS: &[&str] =
    &["Teapot", "Lamp", "Bookshelf", "Blanket", "Stool", "Mirror", "Backpack", "Rug", "Apron"];
const SENTENCES: &[&str] = &[
    "Made by hand in a small workshop near the sea.",
    "It comes in moss green, chalk white and brick red.",
    "Sent within a day, in a box that can go back.",
    "Customers who have it would buy it again, and many do.",
    "The wood is oiled twice and gets better with the years.",
    "It folds flat and fits under any bed.",
    "Wash it cold, dry it in the shade, and it will last.",
    "Guaranteed for ten years, repaired for thirty.",
    "A second one costs half if it is sent with the first.",
    "It weighs less than it looks and carries more than you think.",
    "The drawing of it hangs in a museum of design.",
    "No screws, no glue: only joints that hold.",
];
