//! Whole journeys, for stories that begin where these end.

use super::{House, Link, Page};

impl House {
    /// A customer opens a link and types a user name and a password; returns the page that follows.
    pub(crate) async fn sign_in(&mut self, link: &Link, username: &str, password: &str) -> Page {
        let mut customer = self.customer();
        let opening = customer.begin(&link.url).await;
        assert_eq!(self.engage().await, 1);
        let asked = customer.wait(&opening).await;
        customer.press(&asked, "Sign in", &[("User name", username), ("Password", password)]).await
    }
}
