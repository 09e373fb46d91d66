//! Postern.

pub mod api;
pub mod bus;
pub mod domain;
pub mod egress;
pub mod page;
pub mod service;
pub mod store;
pub mod vault;
pub mod webhook;
