//! Parcels made smaller.
