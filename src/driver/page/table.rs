//! The rows and cells of a table, for workflows.

use scraper::{ElementRef, Html};

use super::texts;
use crate::domain::snapshot::Uid;
use crate::domain::table::Cell;
use crate::driver::Error;

/// Rows of one table.
const MOST_ROWS: usize = 10_000;
/// Cells of one row.
const MOST_CELLS: usize = 500;
/// Characters of one cell's text.
const TEXT: usize = 10_000;

/// The rows of the table at `element`; those of tables inside its cells are not its own.
///
/// # Errors
/// [`Error::NoTable`] for any other element.
pub(in crate::driver) fn rows(tree: &Html, element: Uid) -> Result<Vec<Vec<Cell>>, Error> {
    let at = usize::try_from(element).unwrap_or(usize::MAX);
    let found = tree.tree.root().descendants().filter_map(ElementRef::wrap).nth(at);
    let table = found.filter(|found| found.value().name() == "table").ok_or(Error::NoTable(element))?;
    let groups = table.child_elements().flat_map(|child| match child.value().name() {
        "tr" => vec![child],
        "thead" | "tbody" | "tfoot" => {
            child.child_elements().filter(|row| row.value().name() == "tr").collect()
        }
        _ => Vec::new(),
    });
    Ok(groups.take(MOST_ROWS).map(cells).filter(|row| !row.is_empty()).collect())
}

fn cells(row: ElementRef<'_>) -> Vec<Cell> {
    let cells = row.child_elements().filter(|cell| matches!(cell.value().name(), "td" | "th"));
    cells.take(MOST_CELLS).map(cell).collect()
}

fn cell(cell: ElementRef<'_>) -> Cell {
    let text: String = cell.text().flat_map(|text| [text, " "]).collect();
    let over = |name: &str| cell.attr(name).and_then(|many| many.trim().parse().ok()).unwrap_or(1).max(1);
    Cell { text: texts::tidy(&text, TEXT), columns: over("colspan"), rows: over("rowspan") }
}
