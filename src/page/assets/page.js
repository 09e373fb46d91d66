// Comfort for browsers with scripts; every page is complete without it.
"use strict";

const main = document.querySelector("main");

// Loads the page's own address afresh, without sending a form again.
function loadAgain() {
  location.replace(location.pathname);
}

// A page that is being sent keeps its other buttons from sending a second time.
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    const pressed = event.submitter;
    // After the browser has read the form: a disabled button's value would not be sent.
    setTimeout(() => {
      for (const button of document.querySelectorAll("button")) button.disabled = true;
      if (pressed && pressed.classList.contains("button")) pressed.textContent = form.dataset.busy;
    }, 0);
  });
}

// Passwords can be looked at, one at a time.
for (const input of document.querySelectorAll("input[type=password]")) {
  const { show, hide } = input.form.dataset;
  const toggle = document.createElement("button");
  toggle.type = "button";
  toggle.className = "show";
  toggle.textContent = show;
  toggle.id = `${input.id}-show`;
  const [label] = input.labels;
  label.id = `${input.id}-label`;
  toggle.setAttribute("aria-labelledby", `${toggle.id} ${label.id}`);
  toggle.addEventListener("click", () => {
    const hidden = input.type === "password";
    input.type = hidden ? "text" : "password";
    toggle.textContent = hidden ? hide : show;
  });
  input.form.addEventListener("submit", () => { input.type = "password"; });
  // Moving a field takes the focus from it.
  const focused = document.activeElement === input;
  const box = document.createElement("div");
  box.className = "with-show";
  input.replaceWith(box);
  box.append(input, toggle);
  if (focused) input.focus();
}

// A page that comes out of the browser's memory may be long out of date.
addEventListener("pageshow", (event) => {
  if (event.persisted) loadAgain();
});

for (const late of document.querySelectorAll("[data-after]")) {
  setTimeout(() => { late.hidden = false; }, Number(late.dataset.after));
}

// The server says when there is something new; the browser connects again by itself.
if (main.dataset.events) {
  const events = new EventSource(main.dataset.events);
  events.addEventListener("moved", () => {
    events.close();
    loadAgain();
  });
  events.addEventListener("error", () => {
    // Refused for good: the page itself says why.
    if (events.readyState === EventSource.CLOSED) setTimeout(loadAgain, 3000);
  });
  // While a form is on its way, its own answer leads on.
  addEventListener("submit", () => events.close());
}
