//! Steps of a workflow with a session that was saved and opened again.

use serde_json::{Value, json};

use super::house::{Login, both, tools};
use super::site::Site;
use crate::domain::step::Step;
use crate::driver::workflow::{FileRule, Got, StepError, run};
use crate::driver::{self, Driver};

pub(super) async fn signed_in(kind: entity::Driver, site: &Site) -> Box<dyn Driver> {
    let mut login = Login::at(kind, site, "plain").await;
    login.types(&["ann", "right"]).await;
    let session = login.session().await;
    driver::start(session.driver(), tools(site), Some(&session)).unwrap()
}

pub(super) async fn step(
    site: &Site,
    driver: &mut dyn Driver,
    step: Value,
) -> Result<Option<Value>, StepError> {
    let step: Step = serde_json::from_value(step).unwrap();
    let types = ["text/*".to_owned()];
    let files = FileRule { most: 10_000, types: &types };
    Ok(match run(driver, &tools(site).origins, &step, files).await? {
        Got::Nothing => None,
        Got::Value(value) => Some(value),
        Got::File(file) => Some(json!([file.name, file.content_type, file.body.len()])),
    })
}

#[tokio::test]
async fn a_saved_session_reads_what_only_the_customer_sees() {
    both(async |kind| {
        let site = Site::start().await;
        let mut driver = signed_in(kind, &site).await;
        let driver = driver.as_mut();
        let orders = site.url("/plain/orders");

        step(&site, driver, json!({"goto": {"url": orders}})).await.unwrap();
        step(&site, driver, json!({"fill": {"selector": "#year", "value": "2026"}})).await.unwrap();
        step(&site, driver, json!({"click": {"selector": "#show"}})).await.unwrap();
        step(&site, driver, json!({"waitFor": {"selector": "td.no"}})).await.unwrap();
        assert_eq!(driver.snapshot().await.unwrap().url.query(), Some("year=2026"));

        for (extract, value) in [
            (json!({"name": "n", "selector": "td.no"}), json!("1")),
            (json!({"name": "n", "selector": "td.no", "many": true}), json!(["1", "2"])),
            (json!({"name": "n", "selector": ".bill", "attribute": "href"}), json!(site.url("/bill/1"))),
            (json!({"name": "n", "selector": ".none", "many": true}), json!([])),
            (json!({"name": "n", "selector": "table", "as": "ROWS"}), json!([["1", "Bill"], ["2", "Bill"]])),
            (
                json!({"name": "n", "selector": "table", "as": "OBJECTS", "many": true}),
                json!([[{"1": "2", "Bill": "Bill"}]]),
            ),
        ] {
            assert_eq!(step(&site, driver, json!({"extract": extract})).await.unwrap(), Some(value));
        }
        step(&site, driver, json!({"click": {"selector": "#home"}})).await.unwrap();
        assert_eq!(driver.snapshot().await.unwrap().url.path(), "/plain/home");
    })
    .await;
}

#[tokio::test]
async fn a_dead_session_is_told_from_a_broken_step() {
    both(async |kind| {
        let site = Site::start().await;
        let mut driver = driver::start(kind, tools(&site), None).unwrap();
        let led = step(&site, driver.as_mut(), json!({"goto": {"url": site.url("/plain/orders")}})).await;
        assert!(matches!(led, Err(StepError::LoginAgain)), "{led:?}");
    })
    .await;
}

#[tokio::test]
pub(super) async fn steps_stay_inside_the_origins_and_the_time_they_have() {
    both(async |kind| {
        let site = Site::start().await;
        let mut driver = signed_in(kind, &site).await;
        let driver = driver.as_mut();

        let outside = step(&site, driver, json!({"goto": {"url": "http://127.0.0.9:1/"}})).await;
        assert!(matches!(outside, Err(StepError::OutsideOrigins(_))), "{outside:?}");

        step(&site, driver, json!({"goto": {"url": site.url("/plain/orders")}})).await.unwrap();
        let never = step(&site, driver, json!({"waitFor": {"selector": ".never", "timeout": "PT1S"}})).await;
        assert!(matches!(never, Err(StepError::Timeout(_))), "{never:?}");
        let nothing = step(&site, driver, json!({"click": {"selector": ".never"}})).await;
        assert!(matches!(nothing, Err(StepError::NothingMatches(_))), "{nothing:?}");
        let bad = step(&site, driver, json!({"extract": {"name": "n", "selector": "td["}})).await;
        assert!(matches!(bad, Err(StepError::Driver(driver::Error::BadSelector))), "{bad:?}");
    })
    .await;
}

#[tokio::test]
async fn a_file_is_kept_if_it_is_of_a_type_that_is_taken_and_a_page_is_told_from_one() {
    both(async |kind| {
        let site = Site::start().await;
        let mut driver = signed_in(kind, &site).await;
        let driver = driver.as_mut();
        let download = |selector: &str| json!({"download": {"name": "n", "selector": selector}});
        step(&site, driver, json!({"goto": {"url": site.url("/plain/orders")}})).await.unwrap();

        let file = step(&site, driver, download("#export")).await.unwrap();
        assert_eq!(file, Some(json!(["may 2026.csv", "text/csv", 12])));
        let text = step(&site, driver, download("td.no")).await;
        assert!(matches!(text, Err(StepError::NotUsable(_))), "{text:?}");
        let endless = step(&site, driver, download("a.endless")).await;
        assert!(matches!(endless, Err(StepError::Driver(driver::Error::TooLarge(10_000)))), "{endless:?}");
        let table =
            step(&site, driver, json!({"extract": {"name": "n", "selector": "td", "as": "ROWS"}})).await;
        assert!(matches!(table, Err(StepError::NotATable(_))), "{table:?}");
        let page = step(&site, driver, download("a.page")).await;
        assert!(matches!(page, Err(StepError::Driver(driver::Error::NoFile))), "{page:?}");
        step(&site, driver, json!({"goto": {"url": site.url("/plain/orders")}})).await.unwrap();
        let gone = step(&site, driver, download("a.gone")).await;
        assert!(matches!(gone, Err(StepError::Status(404))), "{gone:?}");
    })
    .await;
}
