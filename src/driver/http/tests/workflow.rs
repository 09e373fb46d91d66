//! Steps of a workflow with a session that was saved and opened again.

use serde_json::{Value, json};

use super::house::{Login, tools};
use super::site::Site;
use crate::domain::step::Step;
use crate::driver::workflow::{StepError, run};
use crate::driver::{self, Driver};

pub(super) async fn signed_in(site: &Site) -> Box<dyn Driver> {
    let mut login = Login::at(site, "plain").await;
    login.types(&["ann", "right"]).await;
    let session = login.session().await;
    driver::start(entity::Driver::Auto, tools(site), Some(&session)).unwrap()
}

pub(super) async fn step(
    site: &Site,
    driver: &mut dyn Driver,
    step: Value,
) -> Result<Option<Value>, StepError> {
    let step: Step = serde_json::from_value(step).unwrap();
    run(driver, &tools(site).origins, &step).await
}

#[tokio::test]
async fn a_saved_session_reads_what_only_the_customer_sees() {
    let site = Site::start().await;
    let mut driver = signed_in(&site).await;
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
    ] {
        assert_eq!(step(&site, driver, json!({"extract": extract})).await.unwrap(), Some(value));
    }
    step(&site, driver, json!({"click": {"selector": "#home"}})).await.unwrap();
    assert_eq!(driver.snapshot().await.unwrap().url.path(), "/plain/home");
}

#[tokio::test]
async fn a_dead_session_is_told_from_a_broken_step() {
    let site = Site::start().await;
    let mut driver = driver::start(entity::Driver::Auto, tools(&site), None).unwrap();
    let led = step(&site, driver.as_mut(), json!({"goto": {"url": site.url("/plain/orders")}})).await;
    assert!(matches!(led, Err(StepError::LoginAgain)), "{led:?}");
}

#[tokio::test]
pub(super) async fn steps_stay_inside_the_origins_and_the_time_they_have() {
    let site = Site::start().await;
    let mut driver = signed_in(&site).await;
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
}
