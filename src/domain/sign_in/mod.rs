//! The login machine: from pages and answers to moves.
//!
//! Who acts: a worker holds a driver and one [`Machine`]. It shows the machine every page the driver
//! settles on and every answer the customer gives; the machine says what to do next and nothing else.
//! It holds the budgets (12 steps, 3 passwords, 5 codes), the guards against loops, and what the page
//! looked like before the last submit, so that a complaint of the site can be told from its decoration.
//!
//! What may be lost: everything. A machine lives as long as its login; after a crash the customer starts
//! a new one. What may not: a secret is put into a move once, for one submit, and never again; it only
//! goes where the page *and* the form's target are of the allowed origins.

mod answering;
mod asking;
mod given;
mod machine;
mod moves;
mod plain;
mod recipe;
mod waiting;

pub use given::Credentials;
pub use machine::Machine;
pub use moves::{Action, Move, Outcome, Perform, Submit, Target};
