//! Claims whose answer was lost: the database went away in the middle, and the server goes on.

use postern::worker;
use sea_orm::{ConnectionTrait, DatabaseConnection};

use crate::house::{Act, House};

stories! {
    a_claim_that_nobody_heard_of_is_given_back,
    what_is_in_our_hands_is_not_given_back,
}

async fn a_claim_that_nobody_heard_of_is_given_back(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;
    house.partner.create_link().await;
    let database = house.database.open().await;
    // As if the claim had been committed and the line cut before its answer.
    let claimed = "UPDATE delivery SET claimed_by = (SELECT id FROM node)";
    database.execute_unprepared(claimed).await.unwrap();
    house.partner.create_link().await;

    fail_to_claim(house, &database).await;
    assert_eq!(house.deliver().await, 2);

    receiver.saw([204, 204]).with_valid_signatures();
}

async fn what_is_in_our_hands_is_not_given_back(house: &mut House) {
    let late = Act::Late(std::time::Duration::from_millis(500));
    let receiver = house.subscribe(["link.created"]).answering([late, Act::Status(204)]).await;
    house.partner.create_link().await;
    let database = house.database.open().await;

    let (sent, again) = tokio::join!(house.deliver(), async {
        receiver.peer.has_seen(1).await;
        house.partner.create_link().await;
        fail_to_claim(house, &database).await;
        house.deliver().await
    });

    assert_eq!((sent, again), (1, 1));
    receiver.saw([200, 204]);
}

/// Makes a claim that breaks off half-way.
async fn fail_to_claim(house: &House, database: &DatabaseConnection) {
    database.execute_unprepared("ALTER TABLE endpoint_secret RENAME TO lost").await.unwrap();
    let failed = worker::delivery::step(house.app()).await;
    database.execute_unprepared("ALTER TABLE lost RENAME TO endpoint_secret").await.unwrap();
    assert!(failed.is_err());
}
