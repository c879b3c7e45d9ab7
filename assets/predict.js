// Predict: the drawing pad. Strokes are kept as points, so that undo and another paper can draw them again.
window.studioPad = (element, props, watch, send) => {
  const pad = () => element.querySelector(".predict-pad");
  const canvas = element.querySelector("canvas"), brush = element.querySelector("input");
  const KEPT = "studio-drawing";  // outlives a reload
  let strokes = [], stroke = null, dark = false, timer = 0;
  try { strokes = JSON.parse(sessionStorage.getItem(KEPT)) ?? []; } catch {}

  const ink = () => (dark ? "#ffffff" : "#111111");
  const paper = () => (dark ? "#000000" : "#ffffff");

  const draw = () => {
    const context = canvas.getContext("2d");
    context.fillStyle = paper();
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.strokeStyle = ink();
    context.lineCap = context.lineJoin = "round";
    for (const { width, points } of strokes) {
      context.lineWidth = width;
      context.beginPath();
      context.moveTo(...points[0]);
      if (points.length === 1) context.lineTo(points[0][0] + 0.1, points[0][1]);
      for (let at = 1; at < points.length - 1; at++) {
        const [x, y] = points[at], [nx, ny] = points[at + 1];
        context.quadraticCurveTo(x, y, (x + nx) / 2, (y + ny) / 2);
      }
      if (points.length > 1) context.lineTo(...points[points.length - 1]);
      context.stroke();
    }
    pad().classList.toggle("drawn", strokes.length > 0);
  };

  const tell = (wait) => {
    try { sessionStorage.setItem(KEPT, JSON.stringify(strokes)); } catch {}
    clearTimeout(timer);
    timer = setTimeout(() => send(strokes.length ? canvas.toDataURL("image/png") : ""), wait);
  };

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    stroke = { width: Number(brush.value), points: [place(event)] };
    strokes.push(stroke);
    draw();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!stroke) return;
    const finer = event.getCoalescedEvents?.() ?? [];
    for (const point of finer.length ? finer : [event]) stroke.points.push(place(point));
    draw();
  });
  const end = () => {
    if (!stroke) return;
    stroke = null;
    tell(250);
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);

  element.addEventListener("click", (event) => {
    const todo = event.target.closest("[data-do]")?.dataset.do;
    if (!todo) return;
    if (todo === "undo") strokes.pop();
    if (todo === "clear") strokes = [];
    if (todo === "paper") dark = !dark;
    draw();
    tell(0);
  });

  const follow = () => {
    const wanted = props.value === "dark";
    if (wanted !== dark) { dark = wanted; if (strokes.length) tell(0); }
    draw();
  };
  watch("value", follow);
  follow();
  if (strokes.length) tell(0);
};

// Pictures that are pasted or dropped anywhere on the tab.
window.studioInbox = (element, brought) => {
  let failed = false;  // said here; what the server says comes and goes with the value
  const say = (text) => { element.querySelector(".predict-inbox").textContent = text; };
  // Gradio takes a chosen file for a picture by its name alone; the studio looks at its first bytes.
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (!input.matches?.("#predict-picture input[type=file]")) return;
    const files = [...input.files];
    if (!files.length || files.every(({ type }) => type.startsWith("image/"))) return;
    event.stopImmediatePropagation();
    window.studioTakers.predict.take(files.map((file) => ({ path: file.name, file })));
    input.value = "";
  }, true);
  (window.studioTakers ??= {}).predict = {
    words: (all) => all.dropPredict,
    take: async (entries) => {
      const files = entries?.filter(({ path, file }) => file.size && !/(^|\/)\./.test(path));
      if (files?.length === 0) return;
      const many = document.querySelector("#predict-many-button")?.getAttribute("aria-selected") === "true";
      if (failed) say("");
      failed = false;
      try {
        const paths = await window.studioIntake.send(files);
        brought({ name: files[0].file.name, files: files.map(({ file }, at) => [file.name, paths[at]]), many });
      } catch (error) {
        say(error.said || element.querySelector(".predict-inbox").dataset.failed);
        failed = true;
      }
    },
  };
};

// Gradio's list of files holds a button inside of a button: the inner one is put beside the outer one, which is hidden.
{
  const lifted = new Map();
  new MutationObserver(() => {
    for (const inner of document.querySelectorAll("#predict-files button button.icon-mode")) {
      const outer = inner.parentElement.closest("button"), beside = document.createElement("span");
      beside.className = outer.className;
      beside.style.cssText = outer.style.cssText;
      beside.append(outer.firstElementChild);
      outer.after(beside);
      outer.style.display = "none";
      lifted.set(outer, beside);
    }
    for (const [outer, beside] of lifted) {
      if (outer.isConnected) continue;
      beside.remove();
      lifted.delete(outer);
    }
  }).observe(document.documentElement, { childList: true, subtree: true });
}

// A picture that the browser cannot show, such as TIFF and Netpbm, is shown as the studio has read it for its answer.
{
  const read = () => document.querySelector("#predict-answer figure [data-zoom]")?.dataset.zoom;
  let failed = null, before = "";
  document.addEventListener("error", ({ target }) => {
    if (!target.matches?.("#predict-picture .image-frame img") || target.src.includes("/studio/asked/")) return;
    [failed, before] = [target, read()];
  }, true);
  new MutationObserver(() => {
    if (!failed || !read() || read() === before) return;
    if (failed.isConnected) failed.src = read();
    failed = null;
  }).observe(document.documentElement, { childList: true, subtree: true });
}

// The probability from which on a class is answered: all that are filled in are sent together. Results may bring one.
window.studioThresholds = (element, changed) => {
  const send = () => {
    const found = {};
    for (const field of element.querySelectorAll("input[data-class]"))
      if (field.value !== "" && field.validity.valid) found[field.dataset.class] = Number(field.value) / 100;
    changed(found);
  };
  element.addEventListener("change", (event) => { if (event.target.matches("input[data-class]")) send(); });
  const brought = () => {
    const asked = window.studioThreshold, box = element.querySelector(".predict-thresholds");
    if (!asked || box?.dataset.model !== asked.model) return;
    window.studioThreshold = null;
    const field = [...element.querySelectorAll("input[data-class]")].find((each) => each.dataset.class === asked.name);
    if (!field) return;
    field.value = asked.percent;
    send();
    field.focus();
  };
  new MutationObserver(brought).observe(element, { childList: true, subtree: true });
  window.addEventListener("studio-threshold", brought);
  brought();
};
