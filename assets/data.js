// The Data tab: sending a folder or a zip, the split bar, the gallery.

// ---------- Folder or zip ----------
window.studioPicker = (element, picked) => {
  const HIDDEN = /(^|\/)(\.|__MACOSX(\/|$))/;
  const TABLE_LIMIT = 64 * 2 ** 20;
  const FILES = 200, BYTES = 48 * 2 ** 20, AT_ONCE = 3, LIMIT = 4 * 2 ** 30;
  const zone = element.querySelector(".rs-drop"), words = zone.dataset, sending = new Set();
  const PICTURE = new RegExp(words.pictures, "i"), TABLE = new RegExp(words.tables, "i"), TOLD = new RegExp(words.told, "i"); // told: what the studio says of it by its name
  const part = (name) => zone.querySelector(name);
  let cancelled = false;

  const say = (text) => { part(".rs-drop-message").textContent = text; };
  const busy = (on) => {
    zone.classList.toggle("busy", on);
    part(".rs-drop-idle").hidden = on;
    part(".rs-drop-busy").hidden = !on;
  };
  const size = (bytes) => bytes < 1e9 ? `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
  const show = (sent, total) => {
    const share = total ? Math.min(1, sent / total) : 0;
    part(".rs-drop-text").textContent = `${words.sending} ${Math.round(100 * share)}% (${size(sent)} / ${size(total)})`;
    part(".rs-progress span").style.width = `${100 * share}%`;
    part(".rs-progress").setAttribute("aria-valuenow", Math.round(100 * share));
  };

  const batches = (files) => {
    const made = [[]];
    let bytes = 0;
    for (const entry of files) {
      const last = made[made.length - 1];
      if (last.length && (last.length === FILES || bytes + entry.file.size > BYTES)) { made.push([entry]); bytes = entry.file.size; }
      else { last.push(entry); bytes += entry.file.size; }
    }
    return made;
  };

  const send = async (name, files, leftOut) => {
    const total = files.reduce((sum, { file }) => sum + file.size, 0), waiting = batches(files), moved = new Map(), done = [];
    cancelled = false;
    say(""); busy(true); show(0, total);
    const work = async () => {
      while (waiting.length && !cancelled) {
        const batch = waiting.shift();
        const paths = await window.studioIntake.send(batch, (bytes) => {
          moved.set(batch, bytes);
          show([...moved.values()].reduce((a, b) => a + b, 0), total);
        }, sending);
        batch.forEach(({ path }, i) => done.push([path, paths[i]]));
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      if (!cancelled) picked({ name, files: done, left_out: leftOut });
    } catch (error) {
      cancelled = cancelled || error.said || words.failed;
      sending.forEach((request) => request.abort());
    }
    if (cancelled) say(cancelled === true ? words.cancelled : cancelled);
    busy(false);
  };

  // What a file is by its first bytes, as the studio itself looks at them, whatever its name ends with.
  const HEAD = 64, START = /^(\x89PNG|GIF8[79]a|RIFF.{4}WEBP|II[*+]\0|MM\0[*+]|BM.{4}\0{4}|\0\0\0\x0cjP  |\xff\x4f\xff\x51|P[1-6]\s+[#\d])/s;
  const looked = async (file) => {
    const text = String.fromCharCode(...new Uint8Array(await file.slice(0, HEAD).arrayBuffer().catch(() => new ArrayBuffer(0))));
    const brands = text.slice(4, 8) === "ftyp" ? text.slice(8) : "";
    if (/avi[fs]/.test(brands)) return "picture";
    if (/hei[cmsx]|hev[cmsx]|mif1|msf1/.test(brands)) return "heic";
    return START.test(text) || /^[\xef\xbb\xbf \t\r\n\0]*\xff\xd8\xff/.test(text) ? "picture" : "";
  };
  const isLarge = ({ path, file }) => TABLE.test(path) && file.size > TABLE_LIMIT;
  const head = (entry) => ({ path: entry.path, file: new File([entry.file.slice(0, HEAD)], entry.file.name) });
  // A table may say what the pictures are. A HEIC, a workbook or a file of arrays that the studio cannot read is sent by
  // its first bytes: it says what it is, and why it is left out.
  const wanted = async (entry) => {
    if (PICTURE.test(entry.path)) return entry;
    if (TABLE.test(entry.path)) return !isLarge(entry) && entry;
    if (TOLD.test(entry.path)) return head(entry);
    const kind = await looked(entry.file);
    if (kind !== "heic") return kind && entry;
    return words.heic ? entry : head(entry);
  };
  const chosen = async (entries) => {
    const found = [];
    for (let i = 0; i < entries.length; i += FILES) found.push(...await Promise.all(entries.slice(i, i + FILES).map(wanted)));
    return found.filter(Boolean);
  };

  // Several folders that were dropped together are called by their names.
  const joined = (roots) => roots.slice(0, 3).join(", ") + (roots.length > 3 ? ", …" : "");

  // entries: {path: POSIX path with the name of the chosen folder; file}, null where they could not be read
  const take = async (entries) => {
    if (zone.classList.contains("busy")) return undefined;
    if (!entries) return say(words.failed);
    const roots = [...new Set(entries.map(({ path }) => path.split("/")[0]))];
    const root = roots.length === 1 && entries[0].path.includes("/") ? roots[0] : "";
    const inside = (path) => root ? path.slice(root.length + 1) : path;
    const seen = entries.filter(({ path }) => !HIDDEN.test(inside(path)));
    const zip = seen.length === 1 && /\.(zip|tm)$/i.test(seen[0].path);
    const files = zip ? seen : await chosen(seen);
    if (!files.length) return say(seen.some(isLarge) ? words.largeTable.replace("{names}", () => seen.find(isLarge).path) : words.none);
    const table = files.every(({ path }) => !path.includes("/")) ? files.find(({ path }) => TABLE.test(path) || TOLD.test(path))?.path ?? "" : "";
    if (files.some(({ file }) => file.size > LIMIT)) return say(words.tooLarge);
    if (!zip && !table && files.every(({ path }) => !path.includes("/"))) return say(words.loose);
    const large = zip ? [] : seen.filter(isLarge).map(({ path }) => inside(path));
    const sent = files.map(({ path, file }) => ({ path: zip ? file.name : inside(path), file }));
    return send(zip ? files[0].file.name : root || table.replace(/\.\w+$/, "") || joined(roots), sent, zip ? 0 : seen.length - files.length)
      .then(() => large.length && !cancelled && say(words.largeTable.replace("{names}", () => large.join(", "))));
  };

  element.addEventListener("click", (event) => {
    const kind = event.target.closest("[data-pick]")?.dataset.pick;
    if (kind === "cancel") { cancelled = true; sending.forEach((request) => request.abort()); }
    else if (kind) { const input = part(`[data-input=${kind}]`); input.value = ""; input.click(); }
  });
  for (const input of element.querySelectorAll("[data-input]"))
    input.addEventListener("change", () => input.files.length && take(
      [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }))));
  zone.studioTake = take;
  window.studioChosen.settle();
};

// The picker stands in a choice that may be folded, or that is not there yet.
const studioPickerOpened = async (frame, picker) => {
  const choice = () => document.querySelector(`${frame} > .label-wrap`), zone = () => document.querySelector(`${picker} .rs-drop`);
  for (let tries = 0; tries < 100; tries++) {
    if (choice() && !choice().classList.contains("open")) choice().click();
    else if (choice() && zone()?.offsetParent && zone().studioTake) return zone();
    await new Promise((done) => setTimeout(done, 50));
  }
  return null;
};
(window.studioTakers ??= {}).data = {
  words: (all) => all.dropData,
  take: async (entries) => {
    const own = document.getElementById("data-own");
    if (own?.offsetParent) own.click();
    (await studioPickerOpened("#data-from-computer", "#data-picker"))?.studioTake(entries);
  },
};
window.studioTakers.train = {
  words: (all) => all.dropTest,
  take: async (entries) => { (await studioPickerOpened("#train-testing", "#train-testing-picker"))?.studioTake(entries); },
};

// ---------- Split bar ----------
window.studioSplit = (element, changed) => {
  const LOW = 1, HIGH = 80, MOST = 90; // percent, as the settings allow
  const bar = () => element.querySelector(".rs-split-bar");
  const shares = () => ({ validation: Number(bar().dataset.validation), test: Number(bar().dataset.test) });
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  const draw = (validation, test) => {
    const node = bar(), train = 100 - validation - test, total = Number(node.dataset.total);
    Object.assign(node.dataset, { validation, test });
    node.style.setProperty("--train", `${train}%`);
    node.style.setProperty("--validation", `${validation}%`);
    for (const [name, share] of Object.entries({ train, validation, test })) {
      const count = element.querySelector(`[data-count=${name}]`);
      if (count) count.textContent = Math.round(total * share / 100).toLocaleString(window.studioLocale);
      const field = element.querySelector(`[data-share=${name}]`);
      if (field && field !== document.activeElement) field.value = share;
      if (field?.tagName === "OUTPUT") field.textContent = `${share}%`;
    }
    const [first, second] = element.querySelectorAll(".rs-split-handle");
    first.setAttribute("aria-valuenow", train);
    second.setAttribute("aria-valuenow", train + validation);
  };
  let told;
  const tell = () => {
    clearTimeout(told);
    told = setTimeout(() => { const { validation, test } = shares(); changed({ validation: validation / 100, test: test / 100 }); }, 250);
  };
  // Moves boundary 0 (training | validation) or 1 (validation | test) to `at` percent from the start.
  const move = (which, at) => {
    const { validation, test } = shares(), train = 100 - validation - test;
    if (which === 0) {
      const next = clamp(100 - test - at, LOW, Math.min(HIGH, MOST - test));
      draw(next, test);
    } else {
      const nextTest = clamp(100 - at, 0, Math.min(HIGH, 100 - train - LOW));
      draw(100 - train - nextTest, nextTest);
    }
  };

  let held = null;
  const under = (event) => { const box = bar().getBoundingClientRect(); return Math.round(100 * (event.clientX - box.left) / box.width); };
  element.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest(".rs-split-handle");
    if (!handle) return;
    held = Number(handle.dataset.handle);
    handle.setPointerCapture(event.pointerId);
    handle.focus();
    event.preventDefault();
  });
  element.addEventListener("pointermove", (event) => { if (held !== null) move(held, under(event)); });
  for (const end of ["pointerup", "pointercancel"])
    element.addEventListener(end, () => { if (held !== null) { held = null; tell(); } });
  element.addEventListener("keydown", (event) => {
    const handle = event.target.closest(".rs-split-handle");
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5 }[event.key];
    if (!handle || !step) return;
    event.preventDefault();
    move(Number(handle.dataset.handle), Number(handle.getAttribute("aria-valuenow")) + step);
    tell();
  });
  element.addEventListener("change", (event) => {
    const name = event.target.dataset.share;
    if (!name) return;
    const { validation, test } = shares(), value = Math.round(Number(event.target.value));
    if (name === "validation") draw(clamp(value || LOW, LOW, Math.min(HIGH, MOST - test)), test);
    else draw(validation, clamp(value || 0, 0, Math.min(HIGH, MOST - validation)));
    event.target.value = shares()[name];
    tell();
  });
};

// ---------- Gallery ----------
window.studioGallery = (element) => {
  const frame = () => element.querySelector(".rs-gallery");
  let first = 0, asked = 0;

  const size = () => {
    const grid = element.querySelector(".rs-gallery-grid");
    const columns = Math.max(3, Math.floor((grid.clientWidth + 8) / 80)), room = Math.floor((window.innerHeight - 540) / 88);
    const rows = window.innerWidth < 700 ? 4 : Math.min(Math.max(room, 2), 6);
    grid.style.setProperty("--columns", columns);
    return columns * rows;
  };
  const load = async () => {
    const node = frame();
    if (!node || !element.clientWidth) return;
    const mine = ++asked, count = size(), grid = element.querySelector(".rs-gallery-grid");
    const query = new URLSearchParams({ first, count });
    for (const select of element.querySelectorAll("select")) if (select.value) query.set(select.name, select.value);
    const answer = await fetch(`studio/pictures/${node.dataset.dataset}?${query}`).catch(() => null);
    if (mine !== asked || !answer?.ok) return;
    const { total, pictures } = await answer.json();
    grid.replaceChildren(...pictures.map(({ index, name, label }) => {
      const button = document.createElement("button"), image = new Image();
      button.type = "button";
      button.title = name;
      image.loading = "lazy"; image.decoding = "async"; image.alt = label;
      image.src = `studio/thumb/${node.dataset.dataset}/${index}`;
      image.onload = () => image.classList.toggle("tiny", image.naturalWidth < 64);
      image.onerror = () => button.classList.add("broken");
      button.dataset.zoom = `studio/thumb/${node.dataset.dataset}/${index}?side=640`;
      button.dataset.caption = `${label} · ${name}`;
      button.append(image);
      return button;
    }));
    const words = node.dataset;
    element.querySelector(".rs-gallery-range").textContent = total
      ? words.range.replace("{first}", first + 1).replace("{last}", first + pictures.length)
        .replace("{total}", total.toLocaleString(window.studioLocale))
      : words.none;
    element.querySelector("[data-go=back]").disabled = first === 0;
    element.querySelector("[data-go=on]").disabled = first + count >= total;
    grid.dataset.count = count;
  };
  const restart = () => { first = 0; load(); };

  element.addEventListener("click", (event) => {
    const go = event.target.closest("[data-go]");
    const count = Number(element.querySelector(".rs-gallery-grid")?.dataset.count || 0);
    if (go) { first = Math.max(0, first + (go.dataset.go === "on" ? count : -count)); load(); }
  });
  element.addEventListener("change", restart);
  document.addEventListener("studio:class", (event) => {
    const select = element.querySelector("select[name=label]");
    if (!select) return;
    select.value = select.value === event.detail ? "" : event.detail;
    restart();
    document.dispatchEvent(new CustomEvent("studio:class-shown", { detail: select.value }));
  });

  let shown = null, width = 0;
  new ResizeObserver(() => {
    const dataset = frame()?.dataset.dataset;
    if (!dataset || !element.clientWidth) return;
    if (dataset !== shown || Math.abs(element.clientWidth - width) > 40) { shown = dataset; width = element.clientWidth; restart(); }
  }).observe(element);
  return () => {
    try { frame() ? localStorage.setItem("studio-returning", "1") : localStorage.removeItem("studio-returning"); } catch {}
    document.documentElement.classList.remove("rs-returning");
    window.studioChosen.settle();
    if (frame() && frame().dataset.dataset !== shown) { shown = frame().dataset.dataset; width = element.clientWidth; restart(); }
  };
};

document.addEventListener("click", (event) => {
  const row = event.target.closest?.("[data-class]");
  if (row) document.dispatchEvent(new CustomEvent("studio:class", { detail: row.dataset.class }));
});
document.addEventListener("studio:class-shown", (event) => {
  for (const row of document.querySelectorAll("[data-class]"))
    row.setAttribute("aria-pressed", String(row.dataset.class === event.detail));
});
