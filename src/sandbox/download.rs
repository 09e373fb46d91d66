//! Statements to take home: the list as CSV, each one as a PDF.

use std::fmt::Write as _;

use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::page::Statement;

/// The list as CSV, to be saved.
pub(super) fn list(statements: &[Statement]) -> Response {
    let mut text = "month,number,closing balance\r\n".to_owned();
    for statement in statements {
        // Writing to a string cannot fail.
        let _ = write!(text, "{},{},\"{}\"\r\n", statement.month, statement.number, statement.closing);
    }
    saved("text/csv; charset=utf-8", "statements.csv", text)
}

/// One statement as a PDF of one page, to be saved.
pub(super) fn one(statement: &Statement) -> Response {
    saved("application/pdf", &format!("{}.pdf", statement.number), pdf(statement))
}

fn saved(content_type: &'static str, name: &str, body: String) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, content_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)], body)
        .into_response()
}

/// The least that readers of PDF take: a catalogue, a page, a font, and a text.
fn pdf(statement: &Statement) -> String {
    let words = format!("Mill Lane Savings {} {} {}", statement.number, statement.month, statement.closing);
    let text = format!("BT /F1 12 Tf 72 720 Td ({words}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = "%PDF-1.4\n".to_owned();
    let mut places = String::new();
    for (number, object) in (1..).zip(objects) {
        let _ = writeln!(places, "{:010} 00000 n ", file.len());
        let _ = write!(file, "{number} 0 obj\n{object}\nendobj\n");
    }
    let start = file.len();
    let _ = write!(file, "xref\n0 6\n0000000000 65535 f \n{places}");
    let _ = write!(file, "trailer << /Size 6 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    file
}
