// Classes that are made here: one dialog with a card for each class. Pictures are sent one by one while they are
// recorded; when the button is let go, they become one edit of the set. What is seen follows the server's answer.
window.studioMake = (element, made, begin) => {
  const words = () => element.querySelector(".rs-make-words").dataset;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
  const number = (value) => value.toLocaleString(window.studioLocale);
  const EVERY = 125, SIDE = 320, IN_FLIGHT = 3, MEMORY = "studio-make";
  const node = (name, className = "", text = "") => {
    const one = document.createElement(name);
    one.className = className;
    one.textContent = text;
    if (name === "button") one.type = "button";
    return one;
  };
  const button = (text, act, className = "rs-button") => {
    const one = node("button", className, text);
    one.addEventListener("click", act);
    return one;
  };
  const random = () => [...crypto.getRandomValues(new Uint8Array(12))].map((each) => each.toString(16).padStart(2, "0")).join("");
  const remembered = () => { try { return JSON.parse(localStorage.getItem(MEMORY)) ?? {}; } catch { return {}; } };
  const remember = (more) => { try { localStorage.setItem(MEMORY, JSON.stringify({ ...remembered(), ...more })); } catch {} };

  let dialog = null, state = null, order = [], cards = new Map(), busy = 0, active = "", chain = Promise.resolve();
  let stream = null, opening = null, facing = "user", holding = null, sound = null, follow = 0;
  let unsaved = 0; // takes that were begun and are not kept yet
  const ending = new Set(); // those of them that only wait for the server
  const camera = Object.assign(document.createElement("video"), { muted: true, playsInline: true, autoplay: true });
  camera.setAttribute("aria-hidden", "true");
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;

  // ---------- The server ----------
  const asked = async (path, options = {}) => {
    const answer = await fetch(`studio/make/${path}`, options).catch(() => null);
    const content = await answer?.json().catch(() => null);
    if (!answer?.ok) throw new Error(content?.problem || words().lost);
    return content;
  };
  const post = (path, body) => asked(path, { method: "POST", body });
  const inTurn = (work) => {
    const result = chain.then(work);
    chain = result.catch(() => {});
    return result;
  };
  const said = (text, bad = false) => {
    if (!dialog) return;
    dialog.note.textContent = text;
    dialog.note.classList.toggle("bad", bad);
  };
  const belongsTo = (id) => id.split(".")[0]; // the set, whatever moment of it
  // A class keeps its place when it is called otherwise, here, by a step back or on another page: it has its pictures.
  const followNames = (before) => {
    const known = new Set(state.cards.map((card) => card.name)), old = new Set(before.map((card) => card.name));
    for (const { name, places } of state.cards.filter((card) => !old.has(card.name) && !order.includes(card.name))) {
      const was = before.find((card) => !known.has(card.name) && card.places.some((place) => places.includes(place)))?.name;
      if (was === undefined) continue;
      order = order.map((each) => each === was ? name : each);
      if (active === was) active = name;
      if (dialog?.latest === was) dialog.latest = name;
    }
  };
  const settle = (answer) => {
    const before = state && belongsTo(state.dataset) === belongsTo(answer.dataset) ? state.cards : [];
    state = answer;
    followNames(before);
    const known = new Set(state.cards.map((card) => card.name));
    order = order.filter((name, at) => order.indexOf(name) === at);
    for (const name of known) if (!order.includes(name)) order.push(name);
    keepOrder();
    draw();
    // a problem stays until something new is begun: what was begun before it must not say "saved" in its place
    if (!state.mine) said(words().not_mine, true);
    else if (!dialog?.note.classList.contains("bad")) said(unsaved ? words().saving : state.cards.length ? words().saved : "");
    if (state.cards.length) {
      clearTimeout(follow);
      follow = setTimeout(() => made(state.dataset), 300);
    }
  };
  const keepOrder = () => {
    const own = belongsTo(state.dataset), filled = state.cards.map((card) => card.name);
    const withOwn = (all, value) => Object.fromEntries([...Object.entries(all ?? {}).filter(([id]) => id !== own).slice(-9), [own, value]]);
    remember({ dataset: state.dataset, order: withOwn(remembered().order, order), filled: withOwn(remembered().filled, filled) });
  };
  const edit = async (data) => {
    said(words().saving);
    await Promise.allSettled(ending); // what was recorded before it: a new name is for those pictures too
    return inTurn(async () => {
      const seen = ["undo", "redo"].includes(data.kind) ? { seen: state.steps } : {}; // a step is of what is shown here
      try { settle(await post(`${state.dataset}/edit`, JSON.stringify({ ...data, ...seen }))); return true; }
      catch (error) {
        const now = await asked(state.dataset).catch(() => null); // another page may have changed it
        if (now) settle(now); else draw();
        said(error.message, true);
        return false;
      }
    });
  };

  // ---------- A take: what one press records, or what is added at once ----------
  const take = (label) => {
    const id = random(), dataset = state.dataset, waiting = [], refused = [];
    let running = 0, sent = 0, ended = false, finished, first = true;
    const done = new Promise((resolve) => { finished = resolve; });
    unsaved++;
    const next = () => {
      while (waiting.length && running < (first ? 1 : IN_FLIGHT)) {
        const { name, content } = waiting.shift();
        running++;
        post(`${dataset}/takes/${id}?${new URLSearchParams({ label, name })}`, content)
          .then(() => { sent++; }, (error) => { refused.push(error.message); })
          .finally(() => { running--; first = false; next(); });
      }
      if (ended && !running && !waiting.length) finished();
    };
    const add = (name, content) => { waiting.push({ name, content }); next(); };
    const finish = async () => {
      ended = true;
      next();
      await done;
      await inTurn(async () => {
        try {
          const after = sent ? await post(`${dataset}/takes/${id}/keep?${new URLSearchParams({ name: words().set_name })}`) : null;
          unsaved--;
          if (after) settle(after); else draw();
        } catch (error) { unsaved--; draw(); refused.push(error.message); }
        if (refused.length) said(fill(words().refused, { count: number(refused.length), problem: refused[0] }), true);
      });
    };
    const end = () => {
      if (ended) return;
      const kept = finish();
      ending.add(kept);
      kept.finally(() => ending.delete(kept));
    };
    return { add, end, get failed() { return refused.length > 0; }, get length() { return sent + running + waiting.length; } };
  };
  const addFiles = (label, files) => {
    if (!files.length || !usable(label)) return;
    said(words().saving);
    const taking = take(label);
    for (const file of files) taking.add(file.name || "picture", file);
    taking.end();
  };
  const usable = (label) => state.mine && !state.cards.find((card) => card.name === label)?.off;

  // ---------- The camera ----------
  const stopCamera = () => {
    endHold();
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    camera.srcObject = null;
    camera.remove();
  };
  const openCamera = () => navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, width: { ideal: 640 }, height: { ideal: 480 } }, audio: false }).finally(() => { opening = null; });
  const followCamera = (opened) => {
    stream = opened;
    // unplugged, or taken by another program: its last picture would be recorded again and again
    opened.getVideoTracks()[0]?.addEventListener("ended", () => { if (stream === opened) { stopCamera(); active = ""; draw(); said(words().camera_ended, true); } }, { once: true });
  };
  const startCamera = async (label) => {
    if (!navigator.mediaDevices?.getUserMedia) return said(words().camera_insecure, true);
    try {
      if (!stream) followCamera(await (opening ??= openCamera())); // two clicks in a row ask for one camera
    } catch (error) {
      return said(error.name === "NotAllowedError" ? words().camera_denied : words().camera_none, true);
    }
    if (!dialog) return stopCamera();
    camera.srcObject = stream;
    camera.classList.toggle("mirrored", (stream.getVideoTracks()[0]?.getSettings().facingMode ?? facing) !== "environment");
    active = label;
    draw();
    await camera.play().catch(() => {});
    cards.get(label)?.hold?.focus();
  };
  const shoot = () => new Promise((resolve) => {
    const side = Math.min(camera.videoWidth, camera.videoHeight);
    if (!side) return resolve(null);
    canvas.getContext("2d").drawImage(camera, (camera.videoWidth - side) / 2, (camera.videoHeight - side) / 2, side, side, 0, 0, SIDE, SIDE);
    canvas.toBlob(resolve, "image/jpeg", 0.92);
  });
  const tick = () => {
    if (!remembered().sound) return;
    sound ??= new AudioContext();
    const tone = sound.createOscillator(), volume = sound.createGain();
    tone.frequency.value = 660;
    volume.gain.setValueAtTime(0.05, sound.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.0005, sound.currentTime + 0.06);
    tone.connect(volume).connect(sound.destination);
    tone.start();
    tone.stop(sound.currentTime + 0.07);
  };
  const beginHold = (label) => {
    if (holding || !stream || !usable(label)) return;
    const card = cards.get(label), taking = take(label), stamp = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
    const before = state.cards.find((each) => each.name === label)?.count ?? 0;
    let frames = 0;
    const frame = async () => {
      if (holding?.taking !== taking) return;
      const content = await shoot();
      if (!content || holding?.taking !== taking) return; // it may have ended meanwhile
      frames++;
      taking.add(`webcam-${stamp}-${String(frames).padStart(4, "0")}.jpg`, content);
      card.count.textContent = counted(before + frames);
      const image = node("img", "rs-make-fresh");
      image.alt = "";
      image.src = URL.createObjectURL(content);
      image.onload = () => URL.revokeObjectURL(image.src);
      card.strip.querySelector(".rs-make-empty")?.remove();
      card.strip.prepend(image);
      tick();
      if (taking.failed) endHold();
    };
    holding = { taking, label, timer: setInterval(frame, EVERY) };
    said(words().saving); // pictures are, from the first on
    card.hold.textContent = words().recording;
    card.element.classList.add("recording");
    holding.first = frame();
  };
  const endHold = async () => {
    if (!holding || holding.ending) return; // letting go is told by several events
    holding.ending = true;
    const { taking, label, timer, first } = holding;
    clearInterval(timer);
    await first;
    holding = null;
    const card = cards.get(label);
    if (card?.hold) card.hold.textContent = words().hold;
    card?.element.classList.remove("recording");
    said(words().saving);
    taking.end();
  };

  // ---------- What is seen ----------
  const counted = (count) => fill(count === 1 ? words().pictures_one : words().pictures, { count: number(count) });
  const thumb = (place, side = 160) => `studio/mend/${state.dataset.split(".")[0]}/thumb/${place}?side=${side}`;
  const enlarge = (places, from) => {
    let at = from;
    const shown = node("dialog", "rs-dialog rs-zoomed"), image = new Image(), bar = node("div", "rs-zoom-bar");
    const shell = document.getElementById("studio-words")?.dataset ?? {};
    const show = (step) => { at = (at + step + places.length) % places.length; image.src = thumb(places[at], 640); };
    image.onload = () => image.classList.toggle("tiny", image.naturalWidth < 160);
    const arrow = (label, sign, step) => { const one = button(sign, () => show(step), "rs-icon-button"); one.setAttribute("aria-label", label); return one; };
    if (places.length > 1) bar.append(arrow(shell.previous, "‹", -1), arrow(shell.next, "›", 1));
    bar.append(button(words().close, () => shown.close()));
    shown.setAttribute("aria-label", words().enlarge);
    shown.append(image, bar);
    shown.onkeydown = (event) => { const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]; if (step) show(step); };
    shown.onclose = () => shown.remove();
    document.querySelector(".gradio-container").append(shown);
    show(0);
    shown.showModal();
  };
  const strip = (card, data) => {
    const chosen = card.chosen, list = card.strip;
    list.setAttribute("aria-label", fill(words().strip, { name: data.name }));
    list.replaceChildren();
    if (!data.places.length) list.append(node("p", "rs-make-empty rs-small", words().empty));
    data.places.forEach((place, at) => {
      const one = node("button", "rs-make-picture"), image = new Image();
      one.dataset.place = place;
      one.draggable = true;
      one.tabIndex = at ? -1 : 0;
      one.setAttribute("aria-pressed", chosen.has(place));
      one.setAttribute("aria-label", fill(words().picture, { number: number(at + 1), name: data.name }));
      image.alt = "";
      image.loading = "lazy";
      image.draggable = false;
      image.src = thumb(place);
      one.append(image);
      list.append(one);
    });
  };
  const selection = (card, data) => {
    for (const one of card.strip.querySelectorAll(".rs-make-picture")) one.setAttribute("aria-pressed", card.chosen.has(Number(one.dataset.place)));
    card.bar.replaceChildren();
    card.bar.hidden = !card.chosen.size;
    if (!card.chosen.size) return;
    const places = data.places.filter((place) => card.chosen.has(place));
    const move = node("select", "rs-select");
    move.setAttribute("aria-label", words().move);
    move.append(new Option(words().move, ""), ...order.filter((name) => name !== data.name).map((name) => new Option(name, name)));
    move.addEventListener("change", () => move.value && edit({ kind: "move", places, label: move.value }));
    const whole = places.length === data.places.length;
    const all = button(whole ? words().none : words().all, () => { card.chosen = new Set(whole ? [] : data.places); selection(card, data); });
    card.bar.append(node("span", "rs-small rs-number", fill(words().selected, { count: number(places.length) })), button(words().enlarge, () => enlarge(places, 0)), button(words().delete, () => edit({ kind: "remove", places })), move, all);
  };
  const plain = (name) => name.normalize("NFKC").toLowerCase().replace(/[\s_-]+/g, " ").trim(); // as the server compares
  const rename = async (data, field) => {
    const wanted = field.value.trim();
    if (!wanted || wanted === data.name) { field.value = data.name; return; }
    if (!data.places.length) {
      const there = order.find((each) => each !== data.name && plain(each) === plain(wanted));
      if (there) { field.value = data.name; return said(fill(words().there, { name: there }), true); }
      order[order.indexOf(data.name)] = wanted;
      if (active === data.name) active = wanted;
      keepOrder();
      return draw();
    }
    const before = order;
    order = order.filter((each) => each !== wanted); // an empty card
    if (!(await edit({ kind: "rename", classes: [data.name], label: wanted }))) { order = before; draw(); }
  };
  const toggle = (card, data, place) => { card.chosen.has(place) ? card.chosen.delete(place) : card.chosen.add(place); selection(card, data); };
  const keys = (card, data, event) => {
    const one = event.target.closest(".rs-make-picture");
    if (!one) return;
    const all = [...card.strip.querySelectorAll(".rs-make-picture")], at = all.indexOf(one), place = Number(one.dataset.place);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) { all[to]?.focus(); all.forEach((each) => { each.tabIndex = each === (all[to] ?? one) ? 0 : -1; }); }
    else if (event.key === "Enter") enlarge(data.places, data.places.indexOf(place));
    else if (event.key === "Delete" || event.key === "Backspace") edit({ kind: "remove", places: card.chosen.has(place) ? [...card.chosen] : [place] });
    else return;
    event.preventDefault();
  };

  const makeCard = (data) => {
    const w = words(), card = { element: node("section", "rs-make-card rs-card"), chosen: cards.get(data.name)?.chosen ?? new Set() };
    card.chosen = new Set(data.places.filter((place) => card.chosen.has(place)));
    const head = node("div", "rs-make-head"), name = node("input", "rs-make-name"), use = node("input"), kept = node("label", "rs-make-use rs-small");
    const locked = !state.mine || data.off;
    card.element.setAttribute("aria-label", data.name);
    card.element.dataset.name = data.name;
    card.element.classList.toggle("off", data.off);
    name.value = data.name;
    name.maxLength = 120;
    name.disabled = locked;
    name.setAttribute("aria-label", w.class_name);
    name.addEventListener("change", () => rename(data, name));
    name.addEventListener("keydown", (event) => {
      if (event.key === "Enter") name.blur();
      if (event.key === "Escape") { event.preventDefault(); name.value = data.name; name.blur(); }
    });
    card.count = node("span", "rs-small rs-number", counted(data.count));
    use.type = "checkbox";
    use.setAttribute("role", "switch");
    use.checked = !data.off;
    use.disabled = !state.mine || !data.places.length;
    use.addEventListener("change", () => edit({ kind: data.off ? "on" : "off", label: data.name }));
    kept.append(use, w.use);
    const away = button("✕", () => {
      if (data.places.length) return edit({ kind: "remove_class", label: data.name }).then((done) => done && forget(data.name));
      forget(data.name);
    }, "rs-icon-button");
    away.setAttribute("aria-label", `${w.remove_class}: ${data.name}`);
    away.title = w.remove_class;
    away.disabled = locked;
    head.append(name, away);
    const about = node("div", "rs-make-about");
    about.append(card.count, kept);

    const ways = node("div", "rs-make-ways"), on = stream && active === data.name;
    const files = node("input"), photo = node("input"), pick = button(w.files, () => files.click()), snap = button(w.photo, () => photo.click(), "rs-button rs-make-photo");
    for (const each of [files, photo]) {
      each.type = "file"; each.hidden = true; each.accept = "image/*";
      each.addEventListener("change", () => { addFiles(data.name, [...each.files]); each.value = ""; });
    }
    files.multiple = true;
    photo.setAttribute("capture", "environment");
    const see = button(on ? w.camera_off : w.camera, () => { if (on) { stopCamera(); draw(); } else startCamera(data.name); });
    for (const each of [see, pick, snap]) each.disabled = locked;
    ways.append(see, pick, snap, files, photo);
    card.element.append(head, about, ways);
    if (data.off) card.element.append(node("p", "rs-small rs-make-why", w.off));
    if (on) {
      const view = node("div", "rs-make-view"), turn = button("⟲", () => { facing = facing === "user" ? "environment" : "user"; stopCamera(); startCamera(data.name); }, "rs-icon-button rs-make-turn");
      turn.setAttribute("aria-label", w.turn);
      turn.title = w.turn;
      card.hold = node("button", "rs-button rs-primary rs-make-hold", w.hold);
      card.hold.addEventListener("pointerdown", (event) => { if (!event.button) { card.hold.setPointerCapture(event.pointerId); beginHold(data.name); } });
      for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) card.hold.addEventListener(kind, endHold);
      card.hold.addEventListener("contextmenu", (event) => event.preventDefault());
      card.hold.addEventListener("keydown", (event) => { if ([" ", "Enter"].includes(event.key)) { event.preventDefault(); if (!event.repeat) beginHold(data.name); } });
      card.hold.addEventListener("keyup", (event) => { if ([" ", "Enter"].includes(event.key)) { event.preventDefault(); endHold(); } });
      card.hold.addEventListener("blur", endHold);
      view.append(camera, turn);
      card.element.append(view, card.hold);
    }
    card.strip = node("div", "rs-make-strip");
    card.strip.setAttribute("role", "group");
    card.strip.addEventListener("click", (event) => { const one = event.target.closest(".rs-make-picture"); if (one) toggle(card, data, Number(one.dataset.place)); });
    card.strip.addEventListener("dblclick", (event) => { const one = event.target.closest(".rs-make-picture"); if (one) enlarge(data.places, data.places.indexOf(Number(one.dataset.place))); });
    card.strip.addEventListener("keydown", (event) => keys(card, data, event));
    card.strip.addEventListener("dragstart", (event) => {
      const place = Number(event.target.closest(".rs-make-picture").dataset.place);
      const places = card.chosen.has(place) ? [...card.chosen] : [place];
      event.dataTransfer.setData("application/x-studio-places", JSON.stringify({ places, from: data.name }));
      event.dataTransfer.effectAllowed = "move";
    });
    card.bar = node("div", "rs-make-bar");
    card.element.append(card.bar, card.strip);
    for (const kind of ["dragover", "dragenter"]) card.element.addEventListener(kind, (event) => { if (!locked) { event.preventDefault(); event.stopPropagation(); card.element.classList.add("over"); } });
    card.element.addEventListener("dragleave", (event) => { if (!card.element.contains(event.relatedTarget)) card.element.classList.remove("over"); });
    card.element.addEventListener("drop", (event) => {
      event.preventDefault();
      event.stopPropagation();
      card.element.classList.remove("over");
      const moved = event.dataTransfer.getData("application/x-studio-places");
      if (locked) return;
      if (!moved) return addFiles(data.name, [...event.dataTransfer.files]);
      const { places, from } = JSON.parse(moved);
      if (from !== data.name) edit({ kind: "move", places, label: data.name });
    });
    card.element.addEventListener("focusin", () => { dialog.latest = data.name; });
    card.element.addEventListener("pointerenter", () => { dialog.latest = data.name; });
    strip(card, data);
    selection(card, data);
    return card;
  };
  const forget = (name) => { order = order.filter((each) => each !== name); keepOrder(); draw(); };

  const draw = () => {
    if (!dialog || holding) return;
    const focus = document.activeElement, within = focus?.closest?.(".rs-make-card")?.dataset.name, kind = focus?.className, place = focus?.dataset?.place;
    const known = new Map(state.cards.map((card) => [card.name, card]));
    const old = cards;
    cards = new Map();
    const scrolled = dialog.sheet.scrollTop;
    for (const name of order) {
      if (old.has(name)) cards.set(name, old.get(name));
      cards.set(name, makeCard(known.get(name) ?? { name, count: 0, off: false, places: [] }));
    }
    dialog.sheet.replaceChildren(...[...cards.values()].map((card) => card.element), ...(state.mine ? [dialog.add] : []));
    dialog.sheet.scrollTop = scrolled;
    if (stream && camera.isConnected) camera.play().catch(() => {});
    if (within && cards.has(within)) {
      const inside = cards.get(within).element;
      (inside.querySelector(`[data-place="${place}"]`) ?? [...inside.querySelectorAll("button,input")].find((each) => each.className === kind) ?? inside.querySelector("input"))?.focus({ preventScroll: true });
    }
    dialog.undo.disabled = !state.undo || !state.mine;
    dialog.redo.disabled = !state.redo || !state.mine;
    const ready = state.cards.filter((card) => !card.off && card.count > 1).length > 1;
    dialog.train.disabled = !ready;
    dialog.why.textContent = ready ? "" : words().not_ready;
  };

  const addClass = () => {
    let at = order.length + 1;
    while (order.includes(fill(words().class, { number: at }))) at++;
    const name = fill(words().class, { number: at });
    order.push(name);
    keepOrder();
    draw();
    const field = cards.get(name).element.querySelector(".rs-make-name");
    field.focus();
    field.select();
  };
  const train = async () => {
    if (unsaved) said(words().saving);
    await Promise.allSettled(ending); // what was recorded last is trained on too
    inTurn(async () => {
      clearTimeout(follow);
      begin(state.dataset);
      dialog?.box.close();
    });
  };

  const build = () => {
    const w = words(), box = node("dialog", "rs-mend-dialog rs-make"), head = node("div", "rs-mend-head");
    const title = node("h2", "rs-h2", w.title), hear = node("label", "rs-make-use rs-small"), check = node("input");
    title.id = "studio-make-title";
    box.setAttribute("aria-labelledby", title.id);
    check.type = "checkbox";
    check.checked = Boolean(remembered().sound);
    check.addEventListener("change", () => remember({ sound: check.checked }));
    hear.append(check, w.sound);
    const undo = button(w.undo, () => edit({ kind: "undo" })), redo = button(w.redo, () => edit({ kind: "redo" }));
    const fresh = button(w.fresh, () => open("", true));
    const phone = button(element.querySelector(".rs-make-phone").dataset.title, () => {}, "rs-button rs-make-far");
    phone.dataset.phone = "";
    head.append(title, undo, redo, hear, fresh, phone, button(w.close, () => box.close()));
    const sheet = node("div", "rs-make-sheet"), foot = node("div", "rs-make-foot"), note = node("span", "rs-small rs-make-note"), why = node("span", "rs-small");
    note.setAttribute("role", "status");
    const go = button(w.train, train, "rs-button rs-primary");
    why.id = "studio-make-why";
    go.setAttribute("aria-describedby", why.id);
    foot.append(note, why, go);
    box.append(head, node("p", "rs-small rs-make-help", w.help), sheet, foot);
    dialog = { box, sheet, note, undo, redo, train: go, why, add: button(`+ ${w.add_class}`, addClass, "rs-button rs-make-add"), latest: "" };
    const before = document.activeElement;
    box.onclose = () => {
      stopCamera();
      box.remove();
      dialog = null;
      remember({ open: false });
      before?.focus?.();
    };
    for (const kind of ["dragover", "drop"]) box.addEventListener(kind, (event) => { event.preventDefault(); event.stopPropagation(); });
    document.querySelector(".gradio-container").append(box);
    box.showModal();
  };
  // "" is the set that is being made in this browser, or a new one
  const open = async (dataset, anew = false) => {
    const known = remembered();
    const wanted = dataset || (anew ? "" : known.dataset) || "";
    let found = null;
    if (wanted) found = await asked(wanted).catch(() => null);
    try { found ??= await post("new"); }
    catch (error) { found = null; if (dialog) said(error.message, true); }
    if (!found) return;
    const own = belongsTo(found.dataset), there = new Set(found.cards.map((card) => card.name));
    const gone = new Set((remembered().filled?.[own] ?? []).filter((name) => !there.has(name))); // by an edit elsewhere
    order = (remembered().order?.[own] ?? []).filter((name) => !gone.has(name));
    if (!order.length && !found.cards.length) order = [1, 2].map((at) => fill(words().class, { number: at }));
    stopCamera();
    cards = new Map();
    if (!dialog) build();
    remember({ open: true });
    state = found;
    for (const { name } of state.cards) if (!order.includes(name)) order.push(name);
    keepOrder();
    draw();
    said(state.mine ? "" : words().not_mine, !state.mine);
  };

  // the address for phones, wherever a button asks for it
  const showPhone = () => {
    const shown = node("dialog", "rs-dialog rs-make-address");
    shown.append(...[...element.querySelector(".rs-make-phone").cloneNode(true).childNodes], button(words().close, () => shown.close()));
    shown.setAttribute("aria-label", element.querySelector(".rs-make-phone").dataset.title);
    shown.onclose = () => shown.remove();
    document.querySelector(".gradio-container").append(shown);
    shown.showModal();
  };
  window.studioMakeOpen = open;
  document.addEventListener("click", (event) => {
    const one = event.target.closest?.("[data-make]");
    if (one) open(one.dataset.make);
    if (event.target.closest?.("[data-phone]")) showPhone();
  });
  document.addEventListener("paste", (event) => {
    if (!dialog) return;
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    event.stopPropagation();
    const label = cards.has(dialog.latest) ? dialog.latest : order[0];
    if (label) addFiles(label, files);
  }, true);
  window.addEventListener("pagehide", () => { if (holding) endHold(); });
  if (remembered().open) open("");
};
