//! Postern.

pub mod domain;
pub mod driver;
pub mod egress;
