//! Prompts and answers: what crosses the wall between page and engine, as rows.

use entity::{LoginId, PromptId, Timestamp, WorkspaceId, answer, prompt};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};

use super::rows::one_of;
use super::{Error, Tx};
use crate::domain::hint::Hint;

/// Adds a prompt.
///
/// # Errors
/// If the database refuses.
pub async fn insert(tx: &Tx, row: prompt::Model) -> Result<(), Error> {
    prompt::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// The prompt of that number, if the login has it.
///
/// # Errors
/// If the database does not answer.
pub async fn find(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    login: LoginId,
    number: i32,
) -> Result<Option<prompt::Model>, Error> {
    let query = prompt::Entity::find()
        .filter(prompt::Column::WorkspaceId.eq(workspace))
        .filter(prompt::Column::LoginId.eq(login))
        .filter(prompt::Column::Number.eq(number));
    Ok(query.one(db).await?)
}

/// All prompts of several logins, in order.
///
/// # Errors
/// If the database does not answer.
pub async fn of_logins(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    logins: impl IntoIterator<Item = LoginId>,
) -> Result<Vec<prompt::Model>, Error> {
    let query = prompt::Entity::find()
        .filter(prompt::Column::WorkspaceId.eq(workspace))
        .filter(one_of(prompt::Column::LoginId, logins));
    Ok(query.order_by_asc(prompt::Column::Number).all(db).await?)
}

/// Stores the answer to a prompt; `false` if it already has one, which then stands.
///
/// # Errors
/// If the database refuses.
pub async fn answer(tx: &Tx, row: answer::Model) -> Result<bool, Error> {
    let (prompt, login, at) = (row.prompt_id, row.login_id, row.created_at);
    let answered = prompt::Entity::update_many()
        .col_expr(prompt::Column::AnsweredAt, Expr::value(at))
        .filter(prompt::Column::Id.eq(prompt))
        .filter(prompt::Column::AnsweredAt.is_null())
        .exec(tx)
        .await?;
    if answered.rows_affected == 0 {
        return Ok(false);
    }
    answer::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(OnConflict::column(answer::Column::PromptId).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    tx.hint(Hint::Login(login));
    Ok(true)
}

/// Takes the answer to a prompt away: it is read once.
///
/// # Errors
/// If the database refuses.
pub async fn take_answer(
    tx: &Tx,
    workspace: WorkspaceId,
    prompt: PromptId,
) -> Result<Option<Vec<u8>>, Error> {
    let rows = answer::Entity::delete_many()
        .filter(answer::Column::WorkspaceId.eq(workspace))
        .filter(answer::Column::PromptId.eq(prompt))
        .exec_with_returning(tx)
        .await?;
    Ok(rows.into_iter().next().map(|row| row.sealed))
}

/// Whether the answer to a prompt waits to be taken.
///
/// # Errors
/// If the database does not answer.
pub async fn has_answer(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    prompt: PromptId,
) -> Result<bool, Error> {
    let query = answer::Entity::find_by_id(prompt).filter(answer::Column::WorkspaceId.eq(workspace));
    Ok(query.one(db).await?.is_some())
}

/// Deletes every answer of a login that has ended.
///
/// # Errors
/// If the database refuses.
pub async fn forget_answers(tx: &Tx, workspace: WorkspaceId, login: LoginId) -> Result<(), Error> {
    answer::Entity::delete_many()
        .filter(answer::Column::WorkspaceId.eq(workspace))
        .filter(answer::Column::LoginId.eq(login))
        .exec(tx)
        .await?;
    Ok(())
}

/// Closes prompts of a login that nobody will answer any more.
///
/// # Errors
/// If the database refuses.
pub async fn close(tx: &Tx, workspace: WorkspaceId, login: LoginId, now: Timestamp) -> Result<(), Error> {
    prompt::Entity::update_many()
        .col_expr(prompt::Column::AnsweredAt, Expr::value(now))
        .filter(prompt::Column::WorkspaceId.eq(workspace))
        .filter(prompt::Column::LoginId.eq(login))
        .filter(prompt::Column::AnsweredAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}
