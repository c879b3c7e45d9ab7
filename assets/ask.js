// A question before something is done: studioAsk({ title, text, yes, no, other, danger, fields }).
// Resolves to null where it was answered with no, to "other" by a button of that name, else to the values of the fields
// by name (none: an empty object).
window.studioAsk = ({ title, text = "", yes, no, other = "", danger = false, fields = [] }) => new Promise((resolve) => {
  const before = document.activeElement;
  const make = (name, properties = {}, parent) => {
    const node = Object.assign(document.createElement(name), properties);
    parent?.append(node);
    return node;
  };
  const dialog = make("dialog", { className: "runs-dialog" });
  const form = make("form", { method: "dialog" }, dialog);
  const heading = make("h2", { id: "studio-ask-title", textContent: title }, form);
  dialog.setAttribute("aria-labelledby", heading.id);
  if (text) make("p", { textContent: text }, form);
  const inputs = fields.map(({ name, label, value, lines = 1, most, needed = false }) => {
    const row = make("label", {}, form);
    make("span", { textContent: label }, row);
    const input = make(lines > 1 ? "textarea" : "input", { name, value, maxLength: most, required: needed }, row);
    if (lines > 1) input.rows = lines;
    return input;
  });
  const buttons = make("div", {}, form);
  make("button", { type: "button", className: "res-button", textContent: no, onclick: () => dialog.close() }, buttons);
  if (other) make("button", { className: "res-button", textContent: other, value: "other", formNoValidate: true }, buttons);
  make("button", { className: `res-button ${danger ? "danger" : "primary"}`, textContent: yes, value: "yes" }, buttons);
  dialog.onclose = () => {
    const values = Object.fromEntries(inputs.map((input) => [input.name, input.value]));
    dialog.remove();
    if (before?.isConnected) before.focus();
    resolve({ yes: values, other: "other" }[dialog.returnValue] ?? null);
  };
  document.querySelector(".gradio-container").append(dialog);
  dialog.showModal();
  if (inputs.length) inputs[0].select();
});
