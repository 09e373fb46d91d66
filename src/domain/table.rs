//! Tables of a page: from cells as they stand in the markup to a grid, and to objects by its heading.

use serde_json::{Map, Value};

/// One cell as the markup has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its text, white space folded.
    pub text: String,
    /// Over how many columns it goes, 1 or more.
    pub columns: usize,
    /// Over how many rows it goes, 1 or more.
    pub rows: usize,
}

/// Columns of a table; one with more is made to hurt.
const MOST_COLUMNS: usize = 500;

/// The texts of every place of the grid, row by row. A cell that goes over several places is in each.
#[must_use]
pub fn grid(rows: &[Vec<Cell>]) -> Vec<Vec<String>> {
    let mut hanging: Vec<Option<(usize, String)>> = Vec::new();
    rows.iter().map(|row| laid_out(row, &mut hanging)).collect()
}

/// One row; `hanging` holds what comes down from the rows above, and for how many rows more.
fn laid_out(row: &[Cell], hanging: &mut Vec<Option<(usize, String)>>) -> Vec<String> {
    let mut line = Vec::new();
    for cell in row {
        come_down(&mut line, hanging);
        for _ in 0..cell.columns.clamp(1, MOST_COLUMNS) {
            if line.len() >= MOST_COLUMNS {
                break;
            }
            let at = line.len();
            line.push(cell.text.clone());
            hanging.resize(hanging.len().max(at + 1), None);
            hanging[at] =
                Some((cell.rows.saturating_sub(1), cell.text.clone())).filter(|(rows, _)| *rows > 0);
        }
    }
    come_down(&mut line, hanging);
    line
}

/// Adds what hangs over the next places of the line.
fn come_down(line: &mut Vec<String>, hanging: &mut [Option<(usize, String)>]) {
    while let Some(place) = hanging.get_mut(line.len()) {
        let Some((rows, text)) = place.take() else { return };
        line.push(text.clone());
        *place = Some((rows - 1, text)).filter(|(rows, _)| *rows > 0);
    }
}

/// Each row below the heading as an object. The heading is the first row; a place without a text there is
/// called by its number, from 1 on, and of several with one name the second is called `name 2`.
#[must_use]
pub fn objects(rows: &[Vec<Cell>]) -> Vec<Value> {
    let mut grid = grid(rows).into_iter();
    let names = names(grid.next().unwrap_or_default());
    let object = |row: Vec<String>| {
        let more = (names.len() + 1..).map(|number| number.to_string());
        let keyed = names.iter().cloned().chain(more).zip(row);
        Value::Object(keyed.map(|(name, text)| (name, Value::String(text))).collect::<Map<_, _>>())
    };
    grid.map(object).collect()
}

fn names(heading: Vec<String>) -> Vec<String> {
    let (count, mut names) = (heading.len(), Vec::<String>::with_capacity(heading.len()));
    for (at, text) in heading.into_iter().enumerate() {
        let name = if text.is_empty() { (at + 1).to_string() } else { text };
        let taken = |other: &String| names.contains(other);
        let own = (2..=count + 1).map(|number| format!("{name} {number}")).find(|other| !taken(other));
        let name = if taken(&name) { own.unwrap_or(name) } else { name };
        names.push(name);
    }
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cell(text: &str, columns: usize, rows: usize) -> Cell {
        Cell { text: text.to_owned(), columns, rows }
    }

    fn plain(texts: &[&str]) -> Vec<Cell> {
        texts.iter().map(|text| cell(text, 1, 1)).collect()
    }

    #[test]
    fn a_cell_over_several_places_is_in_each_of_them() {
        let rows = [vec![cell("a", 1, 2), cell("b", 2, 1)], plain(&["c", "d"]), plain(&["e"])];

        assert_eq!(grid(&rows), [vec!["a", "b", "b"], vec!["a", "c", "d"], vec!["e"]]);
    }

    #[test]
    fn what_claims_to_be_endless_ends() {
        let rows = [vec![cell("x", usize::MAX, usize::MAX)], plain(&["y"])];

        assert_eq!(grid(&rows).iter().map(Vec::len).collect::<Vec<_>>(), [MOST_COLUMNS, MOST_COLUMNS]);
    }

    #[test]
    fn rows_become_objects_by_the_heading() {
        let rows = [plain(&["Day", "", "Day"]), plain(&["1", "x", "2", "more"]), plain(&["3"])];

        let expected = [json!({ "Day": "1", "2": "x", "Day 2": "2", "4": "more" }), json!({ "Day": "3" })];
        assert_eq!(objects(&rows), expected);
        assert!(objects(&[]).is_empty());
    }
}
