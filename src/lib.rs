//! Postern.

pub mod domain;
pub mod egress;
pub mod sandbox;
