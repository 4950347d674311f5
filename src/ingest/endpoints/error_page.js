// A form for whoever saw an error page. `config` is written in front of this by the server; nothing here
// ever becomes markup but through `textContent`.
(function (config) {
  "use strict";
  function make(tag, style, text) {
    var element = document.createElement(tag);
    element.style.cssText = style;
    if (text) element.textContent = text;
    return element;
  }
  // Where this script came from is where the form goes.
  var endpoint = (document.currentScript && document.currentScript.src) || config.endpoint;
  var old = document.getElementById("picket-feedback");
  if (old) old.remove();

  var back = make("div", "position:fixed;inset:0;z-index:2147483000;overflow:auto;padding:1rem;background:rgba(0,0,0,.55);font:16px/1.5 system-ui,sans-serif");
  back.id = "picket-feedback";
  var form = make("form", "box-sizing:border-box;max-width:32rem;margin:5vh auto;padding:1.5rem;border-radius:.5rem;background:#fff;color:#1a1f1c");
  form.setAttribute("role", "dialog");
  form.setAttribute("aria-modal", "true");
  form.setAttribute("aria-label", config.title);
  form.setAttribute("lang", config.lang);
  form.noValidate = true;
  form.appendChild(make("h2", "margin:0 0 .25rem;font-size:1.35rem;line-height:1.3", config.title));
  form.appendChild(make("p", "margin:0 0 1rem;color:#4d5651", config.subtitle + " " + config.subtitle2));
  var problem = make("p", "margin:0 0 1rem;color:#b3261e");
  problem.setAttribute("role", "alert");
  form.appendChild(problem);

  var fields = {};
  function field(name, label, tag, type, value, most) {
    var line = make("label", "display:block;margin:0 0 1rem");
    line.appendChild(make("span", "display:block;font-weight:600", label));
    var input = make(tag, "box-sizing:border-box;width:100%;padding:.5rem;border:1px solid #868f88;border-radius:.25rem;background:#fff;color:inherit;font:inherit");
    if (type) input.type = type;
    if (tag === "textarea") input.rows = 5;
    input.name = name;
    input.maxLength = most;
    input.value = value;
    input.required = true;
    line.appendChild(input);
    form.appendChild(line);
    fields[name] = input;
  }
  field("name", config.labelName, "input", "text", config.name, 128);
  field("email", config.labelEmail, "input", "email", config.email, 75);
  field("comments", config.labelComments, "textarea", "", "", 4096);

  var row = make("div", "display:flex;flex-wrap:wrap;gap:.5rem");
  var button = "padding:.5rem 1rem;border-radius:.25rem;font:inherit;font-weight:600;cursor:pointer;";
  var send = make("button", button + "border:1px solid #0f6b5c;background:#0f6b5c;color:#fff", config.labelSubmit);
  send.type = "submit";
  var close = make("button", button + "border:1px solid #868f88;background:none;color:inherit", config.labelClose);
  close.type = "button";
  row.appendChild(send);
  row.appendChild(close);
  form.appendChild(row);
  back.appendChild(form);

  var focused = document.activeElement;
  function end() {
    back.remove();
    document.removeEventListener("keydown", onKey);
    if (focused && focused.focus) focused.focus();
    window.postMessage("__sentry_reportdialog_closed__", "*");
  }
  function onKey(event) {
    if (event.key === "Escape") end();
  }
  close.addEventListener("click", end);
  document.addEventListener("keydown", onKey);

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    var body = new URLSearchParams();
    Object.keys(fields).forEach(function (name) {
      body.append(name, fields[name].value);
      fields[name].removeAttribute("aria-invalid");
    });
    send.disabled = true;
    problem.textContent = "";
    fetch(endpoint, { method: "POST", body: body, credentials: "omit" })
      .then(function (answer) {
        if (answer.ok) {
          form.replaceChildren(make("p", "margin:0 0 1rem", config.successMessage), close);
          close.focus();
          return undefined;
        }
        return answer.json().then(function (said) {
          var wrong = Object.keys(said.errors || {});
          wrong.forEach(function (name) {
            if (fields[name]) fields[name].setAttribute("aria-invalid", "true");
          });
          problem.textContent = wrong.length ? config.errorFormEntry : config.errorGeneric;
        });
      })
      .catch(function () {
        problem.textContent = config.errorGeneric;
      })
      .then(function () {
        send.disabled = false;
      });
  });

  document.body.appendChild(back);
  (config.name ? fields.comments : fields.name).focus();
})
