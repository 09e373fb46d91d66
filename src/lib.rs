//! Postern.

pub mod domain;
pub mod egress;
