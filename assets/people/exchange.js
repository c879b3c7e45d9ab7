// Trying a model of the exchange: a picture is made small here, sent, answered; what fools the model is sent as an attack.
(() => {
  const words = window.studioExchange, root = window.studioRoot, SIDE = 640, MOST = 1 << 20;
  const dialog = document.querySelector("[data-try]");
  const part = (name) => dialog.querySelector(`[data-try-${name}]`);
  let model = "", own = false, sent = null, asked = 0;

  function clear() {
    sent = null;
    asked += 1;
    part("picture").hidden = true; part("empty").hidden = false;
    part("bars").replaceChildren();
    part("status").textContent = ""; part("problem").textContent = "";
    part("form").hidden = true;
    part("file").value = "";
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-try-model]");
    if (!button) return;
    model = button.dataset.tryModel; own = "own" in button.dataset;
    part("title").textContent = button.dataset.title;
    clear();
    dialog.showModal();
  });
  part("close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", clear);

  // At most 640 px a side and a megabyte: what goes over the network is what the model sees
  async function small(file) {
    const bitmap = await createImageBitmap(file), scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale)); canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff"; context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    const made = (type, quality) => new Promise((done) => canvas.toBlob(done, type, quality));
    const exact = scale === 1 ? await made("image/png") : null;
    return exact && exact.size <= MOST ? exact : made("image/jpeg", 0.92);
  }

  async function send(picture, query = "") {
    try {
      const answer = await fetch(`${root}/studio/people/exchange/${model}/try${query}`, {
        method: "POST", headers: { "content-type": "application/octet-stream" }, body: picture, credentials: "same-origin",
      });
      const text = await answer.text();
      let found;
      try { found = JSON.parse(text); } catch { found = { problem: text }; }
      return answer.ok ? found : { problem: found.problem || window.studioSaid.failed };
    } catch { return { problem: window.studioSaid.failed }; }
  }

  function show(found) {
    part("bars").replaceChildren(...found.scores.map(([name, share]) => {
      const row = document.createElement("li"), label = document.createElement("bdi"), number = document.createElement("span");
      label.textContent = name; number.textContent = `${(100 * share).toFixed(1)} %`;
      row.style.setProperty("--share", `${100 * share}%`);
      row.append(label, number);
      return row;
    }));
    part("status").textContent = found.unknown ? words.unknown : own ? "" : words.right;
    const wrong = found.classes.filter((name) => name !== found.label);
    part("form").hidden = own || found.unknown || !wrong.length;
    part("classes").replaceChildren(...wrong.map((name) => new Option(name, name)));
  }

  async function ask(file) {
    clear();
    const mine = asked;
    part("status").textContent = words.asking;
    try { sent = await small(file); } catch { if (mine === asked) part("status").textContent = words.damaged; return; }
    if (mine !== asked) return;
    const picture = part("picture");
    URL.revokeObjectURL(picture.src);
    picture.src = URL.createObjectURL(sent); picture.hidden = false; part("empty").hidden = true;
    const found = await send(sent);
    if (mine !== asked) return;
    part("status").textContent = "";
    if (found.problem) part("problem").textContent = found.problem; else show(found);
  }

  part("file").addEventListener("change", () => { const [file] = part("file").files; if (file) ask(file); });
  const drop = part("drop");
  for (const name of ["dragover", "dragleave", "drop"]) drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("exchange-over", name === "dragover");
    const file = name === "drop" && event.dataTransfer.files[0];
    if (file) ask(file);
  });
  document.addEventListener("paste", (event) => {
    const file = dialog.open && [...event.clipboardData.files].find((each) => each.type.startsWith("image/"));
    if (file) ask(file);
  });

  part("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = part("form").querySelector("button"), mine = asked;
    part("problem").textContent = "";
    button.disabled = true;
    const found = await send(sent, `?${new URLSearchParams({ true: part("classes").value })}`);
    button.disabled = false;
    if (mine !== asked) return;
    if (found.problem) { part("problem").textContent = found.problem; return; }
    part("form").hidden = true;
    part("status").textContent = words.sent;
    window.studioRefresh?.();
  });
})();
