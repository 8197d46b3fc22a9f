//! Parcels sealed.
