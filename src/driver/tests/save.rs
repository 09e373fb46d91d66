//! Files that a signed-in session is handed out.

use serde_json::json;

use super::house::both;
use super::site::Site;
use super::workflow::{signed_in, step};
use crate::driver::{Download, Driver, Error};

/// More than any small file here has.
const MOST: usize = 1_024 * 1_024;

async fn at_the_orders(kind: entity::Driver, site: &Site) -> Box<dyn Driver> {
    let mut driver = signed_in(kind, site).await;
    step(site, driver.as_mut(), json!({"goto": {"url": site.url("/plain/orders")}})).await.unwrap();
    driver
}

async fn download(driver: &mut dyn Driver, selector: &str, most: usize) -> Result<Download, Error> {
    let found = driver.find(selector).await.unwrap();
    driver.download(found[0].uid, most).await
}

#[tokio::test]
async fn a_file_comes_by_a_link_a_button_a_redirect_or_a_page_that_sends_on() {
    both(async |kind| {
        let site = Site::start().await;
        let mut driver = at_the_orders(kind, &site).await;

        for selector in ["a.csv", "#export", "a.moved", "a.soon"] {
            let file = download(driver.as_mut(), selector, MOST).await.map_err(|e| e.to_string()).unwrap();
            assert_eq!(file.name.as_deref(), Some("may 2026.csv"), "{selector}");
            assert_eq!(
                (file.content_type.as_str(), file.body.as_slice()),
                ("text/csv", &b"day,sum\n1,2\n"[..])
            );
            // The page is still there, with everything on it.
            assert_eq!(driver.snapshot().await.unwrap().url.path(), "/plain/orders");
        }
        let report = download(driver.as_mut(), "a.report", MOST).await.map_err(|e| e.to_string()).unwrap();
        assert_eq!(
            (report.name.as_deref(), report.content_type.as_str()),
            (Some("report.html"), "text/html")
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_too_large_elsewhere_or_no_file_is_told_apart() {
    both(async |kind| {
        let site = Site::start().await;
        let mut driver = at_the_orders(kind, &site).await;
        let driver = driver.as_mut();

        let exact = download(driver, "a.csv", 12).await;
        assert_eq!(exact.map_err(|e| e.to_string()).unwrap().body.len(), 12);
        let above = download(driver, "a.csv", 11).await.err();
        assert!(matches!(above, Some(Error::TooLarge(11))), "{above:?}");
        let endless = download(driver, "a.endless", MOST).await.err();
        assert!(matches!(endless, Some(Error::TooLarge(MOST))), "{endless:?}");
        let away = download(driver, "a.away", MOST).await.err();
        assert!(matches!(away, Some(Error::OutsideOrigins(_))), "{away:?}");
        let text = download(driver, "td.no", MOST).await.err();
        assert!(matches!(text, Some(Error::NoElement(_))), "{text:?}");
        let page = download(driver, "a.page", MOST).await.err();
        assert!(matches!(page, Some(Error::NoFile)), "{page:?}");
        assert_eq!(driver.snapshot().await.unwrap().url.path(), "/file/page");
    })
    .await;
}

#[tokio::test]
async fn an_error_is_a_page_instead_of_a_file() {
    both(async |kind| {
        let site = Site::start().await;
        let mut driver = at_the_orders(kind, &site).await;

        let gone = download(driver.as_mut(), "a.gone", MOST).await.err();

        assert!(matches!(gone, Some(Error::NoFile)), "{gone:?}");
        assert_eq!(driver.snapshot().await.unwrap().status, 404);
    })
    .await;
}
