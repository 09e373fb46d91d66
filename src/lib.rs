//! Postern.

pub mod api;
pub mod bus;
pub mod cli;
pub mod config;
pub mod demo;
pub mod domain;
pub mod driver;
pub mod egress;
pub mod page;
pub mod sandbox;
pub mod service;
pub mod store;
pub mod vault;
pub mod webhook;
pub mod wire;
pub mod worker;
