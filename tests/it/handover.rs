//! Two transactions at one line, interleaved by hand: nobody is left behind, whoever commits first.

use std::time::Duration;

use entity::DeliveryStatus::Exhausted;
use entity::{LinkId, delivery};
use postern::domain::event::{Facts, Kind};
use postern::service::{Error, link as links};
use postern::store;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio::sync::oneshot;

use crate::house::House;
use crate::lines::{behind, link, numbers_of_one, ordered, workspace_of};

stories_on_postgres! {
    one_who_joins_while_the_one_ahead_ends_is_not_left_behind,
    one_who_ends_while_another_joins_sees_it,
}

/// A transaction that has done something to a link's line and waits with its commit.
struct Slow {
    go_on: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<Result<(), Error>>,
}

impl Slow {
    async fn commit(self) {
        self.go_on.send(()).unwrap();
        self.ended.await.unwrap().unwrap();
    }
}

/// Ends the first delivery as a verdict does.
async fn slow_end(house: &House, one: LinkId) -> Slow {
    let (app, now) = (house.app().clone(), house.now());
    let (done, is_done) = oneshot::channel();
    let (go_on, may_commit) = oneshot::channel::<()>();
    let ended = tokio::spawn(async move {
        store::transact(&app.db, async move |tx| {
            let first = delivery::Entity::find().filter(delivery::Column::Sequence.eq(1));
            let first = first.one(&tx).await.unwrap().unwrap();
            let end = delivery::Entity::update_many()
                .col_expr(delivery::Column::Status, Expr::value(Exhausted))
                .filter(delivery::Column::Id.eq(first.id));
            end.exec(&tx).await.unwrap();
            done.send(()).unwrap();
            may_commit.await.unwrap();
            let line = store::line::Line { endpoint_id: first.endpoint_id, link_id: one };
            store::line::release(&tx, [line].into(), now).await?;
            Ok(())
        })
        .await
    });
    is_done.await.unwrap();
    Slow { go_on, ended }
}

/// Records another event of the link, as a step of a login does.
async fn slow_join(house: &House, one: LinkId) -> Slow {
    let (app, workspace, now) = (house.app().clone(), workspace_of(house).await, house.now());
    let (done, is_done) = oneshot::channel();
    let (go_on, may_commit) = oneshot::channel::<()>();
    let ended = tokio::spawn(async move {
        store::transact(&app.db, async move |tx| {
            let mut row = store::link::lock(&tx, workspace, one).await?;
            links::note(&tx, now, &mut row, Kind::LoginPrompted, Facts::default()).await?;
            done.send(()).unwrap();
            may_commit.await.unwrap();
            Ok(())
        })
        .await
    });
    is_done.await.unwrap();
    Slow { go_on, ended }
}

/// The verdict is written, and not committed; the next event comes and is committed; then the verdict.
async fn one_who_joins_while_the_one_ahead_ends_is_not_left_behind(house: &mut House) {
    let receiver = ordered(house).answering([204]).await;
    let one = link(house).await;
    let ending = slow_end(house, one).await;

    house.note(one).await;
    assert_eq!(behind(house).await, 1);
    ending.commit().await;
    house.deliver().await;

    assert_eq!(numbers_of_one(&receiver), [2]);
}

/// The next event is written, and not committed; the verdict waits for it before it looks who is next.
async fn one_who_ends_while_another_joins_sees_it(house: &mut House) {
    let receiver = ordered(house).answering([204]).await;
    let one = link(house).await;
    let joining = slow_join(house, one).await;

    let Slow { go_on, mut ended } = slow_end(house, one).await;
    go_on.send(()).unwrap();
    let a_moment = tokio::time::timeout(Duration::from_millis(300), &mut ended);
    assert!(a_moment.await.is_err(), "the verdict waits");
    joining.commit().await;
    ended.await.unwrap().unwrap();
    house.deliver().await;

    assert_eq!(numbers_of_one(&receiver), [2]);
}
