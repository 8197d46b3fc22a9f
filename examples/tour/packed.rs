//! Products as bytes: what a far store outside the process would keep.

use std::sync::Arc;

use larder::{Codec, Context, Error, ErrorKind, Result};

use crate::products::Product;

/// Packs id, price, the length of the name, the name and the description, one after the other.
pub(crate) struct Packed;

impl Codec for Packed {
    type Plain = Product;
    type Encoded = Arc<[u8]>;

    fn encode(&self, product: &Product, _: &Context<'_>) -> Result<Arc<[u8]>> {
        let numbers = [product.id, product.cents, product.name.len() as u64];
        let mut bytes = Vec::with_capacity(24 + product.name.len() + product.description.len());
        bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        bytes.extend_from_slice(product.name.as_bytes());
        bytes.extend_from_slice(product.description.as_bytes());
        Ok(bytes.into())
    }

    fn decode(&self, bytes: &Arc<[u8]>, _: &Context<'_>) -> Result<Product> {
        unpacked(bytes).ok_or_else(|| Error::new(ErrorKind::Codec, "unpacking a product"))
    }
}

fn unpacked(mut bytes: &[u8]) -> Option<Product> {
    let mut number = || {
        let (number, rest) = bytes.split_first_chunk()?;
        bytes = rest;
        Some(u64::from_le_bytes(*number))
    };
    let (id, cents, length) = (number()?, number()?, number()?);
    let text = std::str::from_utf8(bytes).ok()?;
    let (name, description) = text.split_at_checked(usize::try_from(length).ok()?)?;
    Some(Product { id, cents, name: name.into(), description: description.into() })
}
