//! Recipes are read strictly: what is wrong is told with its place and what is allowed.

use serde_json::{Value, json};

use super::{Recipe, Verdict, read};
use crate::domain::prompt::FieldRole;

fn whole() -> Value {
    json!({
        "origins": ["https://bank.example/"],
        "loginUrl": "https://bank.example/en/login",
        "driver": "HTTP",
        "steps": [
            {
                "match": { "path": "/en/login*", "has": "#pin", "text": "Welcome" },
                "not": { "text": "Maintenance" },
                "fields": { "identifier": "#contract", "password": "#pin" },
                "submit": "button.go"
            },
            { "match": { "has": "form.terms" }, "submit": "button[name=accept]" }
        ],
        "results": {
            "success": [{ "has": "a.bye" }],
            "CREDENTIALS_REJECTED": [{ "has": ".bad" }],
            "ACCOUNT_LOCKED": [{ "text": "blocked" }, { "path": "/locked" }]
        },
        "messages": [".bad", "#notice"],
        "probe": { "url": "https://bank.example/home", "expect": { "has": "a.bye" } },
        "policy": { "maxPasswordSubmits": 2, "trustDevice": false }
    })
}

#[test]
fn a_recipe_is_read_and_told_again_as_it_was() {
    let recipe = read(&whole()).unwrap();
    assert_eq!(recipe.steps[0].fields[&FieldRole::Password].as_str(), "#pin");
    assert_eq!(recipe.results[&Verdict::AccountLocked].0.len(), 2);
    assert_eq!(recipe.selectors().len(), 8);
    assert_eq!(serde_json::to_value(&recipe).unwrap(), whole());
    assert_eq!(read(&json!({})).unwrap(), Recipe::default());
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let long = "x".repeat(301);
    let steps = |step: &Value| json!({ "steps": [step] });
    let many = vec![json!({ "match": { "path": "/a" }, "submit": "b" }); 13];
    for (json, flaw) in [
        (json!([]), ": must be a JSON object"),
        (
            json!({ "step": [] }),
            "step: unknown field `step`, expected one of `origins`, `loginUrl`, `driver`, \
            `steps`, `results`, `messages`, `probe`, `policy`",
        ),
        (
            steps(&json!({ "match": { "has": "#a" }, "fields": { "password": "#1" } })),
            "steps.0.fields.password: not a CSS selector",
        ),
        (
            steps(&json!({ "match": { "has": "#a" }, "fields": { "password": long } })),
            "steps.0.fields.password: must be at most 300 characters long",
        ),
        (
            steps(&json!({ "match": { "has": "a:has(b)" }, "submit": "b" })),
            "steps.0.match.has: must not use :has()",
        ),
        (
            steps(&json!({ "match": { "has": "#a" }, "fields": { "pasword": "#b" } })),
            "steps.0.fields: unknown variant `pasword`, expected one of `identifier`, `email`, `password`, \
             `new_password`, `confirm_password`, `code`, `phone`, `answer`, `tenant`, `other`",
        ),
        (
            steps(&json!({ "match": {}, "submit": "b" })),
            "steps.0.match: must have at least one of path, has, text",
        ),
        (steps(&json!({ "match": { "has": "#a" } })), "steps.0: must have fields, submit or both"),
        (steps(&json!({ "submit": "b" })), "steps.0: missing field `match`"),
        (json!({ "steps": many }), "steps: must hold at most 12 elements"),
        (json!({ "steps": 3 }), "steps: invalid type: integer `3`, expected a list of at most 12 elements"),
    ] {
        assert_eq!(read(&json).unwrap_err().to_string(), flaw);
    }
}

#[test]
fn what_is_wrong_beside_the_steps_is_told_with_its_place() {
    for (json, flaw) in [
        (json!({ "driver": "http" }), "driver: must be AUTO, HTTP or BROWSER"),
        (
            json!({ "loginUrl": "ftp://a.example" }),
            "loginUrl: must be an http or https URL without a user name or password",
        ),
        (
            json!({ "origins": ["https://a.example/x"] }),
            "origins.0: must be an origin: scheme, host and port, without a path",
        ),
        (
            json!({ "results": { "success": [{}] } }),
            "results.success.0: must have at least one of path, has, text",
        ),
        (json!({ "messages": ["#a", "]"] }), "messages.1: not a CSS selector"),
        (
            json!({ "probe": { "url": "https://a.example", "expect": { "path": "a" } } }),
            "probe.expect.path: must be a path such as /login or /auth/*, without a query or fragment",
        ),
        (json!({ "policy": { "maxPasswordSubmits": 4 } }), "policy.maxPasswordSubmits: must be 1 to 3"),
        (json!({ "messages": vec!["y".repeat(2_000); 10] }), ": must be at most 16384 bytes of JSON"),
    ] {
        assert_eq!(read(&json).unwrap_err().to_string(), flaw);
    }
    let results = read(&json!({ "results": { "STUCK_LOOP": [] } })).unwrap_err();
    assert!(results.path == "results" && results.problem.contains("`ACCOUNT_LOCKED`"), "{results}");
}

#[test]
fn paths_fit_as_they_are_written_or_where_a_star_stands() {
    let step =
        |path: &str| read(&json!({ "steps": [{ "match": { "path": path }, "submit": "a" }] })).unwrap();
    for (pattern, path, fits) in [
        ("/login", "/login", true),
        ("/login", "/login/", false),
        ("/login*", "/login/x", true),
        ("*/login", "/de/login", true),
        ("/a/*/c", "/a/b/c", true),
        ("/a/*/c", "/a/c", false),
        ("/a*b*c", "/axbyc", true),
        ("/a*bb*bc", "/abbc", false),
        ("*", "/", true),
    ] {
        let recipe = step(pattern);
        let held = recipe.steps[0].matches.path.as_ref().unwrap().fits(path);
        assert_eq!(held, fits, "{pattern} {path}");
    }
}
