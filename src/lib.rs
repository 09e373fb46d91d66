//! Postern.

pub mod domain;
pub mod egress;
pub mod vault;
pub mod webhook;
