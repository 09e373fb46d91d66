//! What a partner can read of a session that is kept: its times, and nothing of what is in it.

use std::time::Duration;

use entity::{Scope, Timestamp};
use serde_json::json;

use crate::house::{House, Link, Shop};
use crate::rerun::{rerun, signed_in};

stories! {
    the_times_of_a_kept_session_are_told_to_whoever_may_read_jobs,
}

/// Whole seconds since the beginning of a story, for each of a session's times.
async fn times(house: &House, link: &Link, began: Timestamp) -> [Option<u64>; 5] {
    let selection = "session { createdAt keptUntil lastGoodAt secondFactorAt endedAt }";
    let session = house.partner.link(&link.id, selection).await["session"].clone();
    ["createdAt", "lastGoodAt", "secondFactorAt", "endedAt", "keptUntil"].map(|name| {
        let text = session[name].as_str()?;
        let at = chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis();
        Some(u64::try_from(at - began.0).unwrap() / 1000)
    })
}

async fn the_times_of_a_kept_session_are_told_to_whoever_may_read_jobs(house: &mut House) {
    const MONTH: u64 = 30 * 24 * 3600;
    let shop = Shop::open().await;
    shop.change(|mind| mind.asks_code = true);
    let (began, minute) = (house.now(), Duration::from_mins(1));
    let link = signed_in(house, &shop, "SESSION", false).await;
    let fresh = times(house, &link, began).await;
    house.pass(minute);
    rerun(house, &link).await;
    let taken = times(house, &link, began).await;
    shop.forget_sessions();
    house.pass(minute);
    rerun(house, &link).await;
    let dead = times(house, &link, began).await;

    assert_eq!(fresh, [Some(0), Some(0), Some(0), None, Some(MONTH)]);
    assert_eq!(taken, [Some(0), Some(60), Some(0), None, Some(MONTH)]);
    assert_eq!(dead, [Some(0), Some(60), Some(0), Some(120), Some(MONTH)]);
    let query = format!("{{ link(id: \"{}\") {{ session {{ keptUntil }} }} }}", link.id);
    let less = house.partner_with(&[Scope::LinksRead]).await.ask(&query, json!({})).await;
    assert_eq!(less["errors"][0]["extensions"]["code"], "FORBIDDEN", "{less}");
    house.partner.mutate("revokeSession", json!({ "linkId": link.id })).await;
    assert_eq!(times(house, &link, began).await, [None; 5]);
}
