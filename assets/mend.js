// Mending a data set: a grid of all its pictures, and the queue of labels that may be wrong. Both are one dialog each;
// what is done goes to the server as an edit, whose answer is a new value of the panel.
window.studioMend = (element, send) => {
  // A step back or forth is of what this page shows, and not of what another page did since. `expected` is how many
  // steps there will be once the edits that are on their way are done: until then the number shown says nothing.
  const FOLLOWS_AFTER = 700; // ms
  let latest = { dataset: "", steps: 0 }, following = 0;
  let expected = 0, edited = "";
  let line = Promise.resolve(); // edits are done one after the other, however fast keys are pressed
  const ask = (what, data) => {
    if (what !== "edit") return send(what, data);
    const steps = Number(panel().dataset.steps), sure = expected <= steps && ["undo", "redo"].includes(data.kind);
    expected = Math.max(expected, steps) + 1;
    line = line.then(() => edit(sure ? { ...data, seen: steps } : data)).catch(() => false);
    return line; // whether it was done
  };
  const edit = async (data) => {
    const answer = await fetch(`${base()}/edit`, { method: "POST", body: JSON.stringify(data) }).then((each) => each.json()).catch(() => null);
    if (!panel()) return false;
    if (answer?.similar) {
      const chosen = await window.studioAsk(answer.question);
      if (chosen === "other") return edit({ ...data, sure: true });
      if (chosen) return edit(into(data, answer.similar));
      expected -= 1;
      current?.said("");
      return false;
    }
    const problem = answer ? answer.problem ?? "" : words().failed;
    if (answer?.dataset) latest = { ...answer, classes: JSON.stringify(answer.classes) };
    Object.assign(panel().dataset, answer?.dataset ? latest : {}, { problem });
    changed();
    clearTimeout(following);
    following = setTimeout(() => follow(problem), FOLLOWS_AFTER);
    return !problem;
  };
  // The edit `data` with the name of a class that is there: to rename a class so is to merge it into that one.
  const into = (data, known) => data.kind === "move" ? { ...data, label: known }
    : { ...data, kind: "merge", classes: [...new Set([...data.classes, known])].filter((each) => each === known || each !== data.label), label: known };
  // What else the page shows of the set follows once nothing more is asked for, or its dialog is closed.
  const follow = (problem = "") => {
    clearTimeout(following);
    following = 0;
    send("edited", { problem });
  };
  const panel = () => element.querySelector(".rs-mend");
  const words = () => JSON.parse(panel().dataset.words), classes = () => JSON.parse(panel().dataset.classes);
  const base = () => `studio/mend/${panel().dataset.dataset}`;
  const constant = () => base().split(".")[0]; // pictures keep their places, whatever is edited
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
  const number = (value) => value.toLocaleString(window.studioLocale);
  const made = (name, className = "", text = "") => {
    const node = document.createElement(name);
    node.className = className;
    node.textContent = text;
    if (name === "button") node.type = "button";
    return node;
  };
  const button = (text, act, className = "rs-button") => {
    const node = made("button", className, text);
    node.addEventListener("click", act);
    return node;
  };
  const address = (place, side = 160) => `${constant()}/thumb/${place}?side=${side}`;
  const picture = (place, side = 160, alt = "", from = address(place, side)) => {
    const image = new Image();
    image.decoding = "async"; image.alt = alt;
    if (from) image.src = from;
    image.onload = () => image.classList.toggle("tiny", image.naturalWidth < side / 2);
    return image;
  };
  const select = (label, options, changed) => {
    const node = made("select", "rs-select");
    node.setAttribute("aria-label", label);
    for (const [value, text] of options) node.append(new Option(text, value));
    node.addEventListener("change", changed);
    return node;
  };
  const fetched = async (path) => {
    const answer = await fetch(`${base()}/${path}`).catch(() => null);
    return answer?.ok ? answer.json() : null;
  };
  const opened = (className, title) => {
    const dialog = made("dialog", `rs-mend-dialog ${className}`), head = made("div", "rs-mend-head");
    dialog.setAttribute("aria-label", title);
    const close = button(words().close, () => dialog.close());
    head.append(made("h2", "rs-h2", title), close);
    dialog.append(head);
    const before = document.activeElement;
    dialog.onclose = () => { dialog.remove(); current = null; before?.focus?.(); if (following) follow(); };
    document.querySelector(".gradio-container").append(dialog);
    dialog.showModal();
    return { dialog, head, close };
  };
  const listed = (id) => {
    const list = made("datalist");
    list.id = id;
    list.append(...classes().map((name) => new Option(name)));
    return list;
  };
  const compare = (places) => {
    const dialog = made("dialog", "rs-mend-dialog rs-mend-compare"), row = made("div", "rs-mend-sides");
    const sides = new Map(places.map((place) => [place, made("figure")]));
    for (const [place, side] of sides) side.append(picture(place, 640), made("figcaption", "rs-small"));
    row.append(...sides.values());
    fetched(`rows?places=${places.join(",")}`).then((answer) => {
      for (const each of answer?.rows ?? []) {
        const side = sides.get(each.place), label = each.label || words().unlabelled;
        side.firstChild.alt = `${label} ${each.name}`;
        side.lastChild.append(made("b", "", label), made("bdi", "", each.name));
      }
    });
    dialog.append(row, button(words().close, () => dialog.close()));
    dialog.onclose = () => dialog.remove();
    document.querySelector(".gradio-container").append(dialog);
    dialog.showModal();
  };
  let shown = ""; // the set and the number of its edits that the open dialog shows
  let current = null; // the dialog that is open: refresh(), said(text)

  // ---------- Look at all of it ----------
  const grid = (from, wanted = {}) => {
    const w = words(), { dialog, head, close } = opened("rs-mend-grid", w.grid);
    const GAP = 6, SMALL = 3000, AT_ONCE = 300;
    const chosen = new Set(), known = new Map(), small = new Map(); // small: pictures by place, which no edit changes
    let places = [], cell = 118, columns = 1, at = 0, anchor = 0, dragging = null, touched = -1, asked = 0;
    // Once the server has said that an edit is done, what it leaves of the filter is often known without asking: all but
    // the pictures that were left out, or what the same set had before, as its id follows from its content.
    const SETS = 6, CHECK_AFTER = 300, seen = new Map();
    let leaving = [], done = Number(panel().dataset.steps);
    let first = new Set(wanted.places); // those that were chosen on the map stand first, until another order is asked for

    const restart = () => { at = anchor = 0; chosen.clear(); load(true); };
    const standing = select(w.standing, [["used", w.used], ["unlabelled", w.unlabelled], ["left_out", w.left_out]], restart);
    const kind = select(w.class, [], restart), part = select(w.part, [["", w.parts], ["train", w.train], ["validation", w.validation], ["test", w.test]], restart);
    const finding = select(w.finding, [["", w.findings], ...JSON.parse(panel().dataset.findings)], restart);
    const sort = select(w.sort, [["class", w.sort_class], ["name", w.sort_name], ["size", w.sort_size], ["like", w.sort_like], ["doubt", w.sort_doubt], ["next", w.sort_next]], () => {
      if (sort.value === "next") standing.value = "unlabelled"; // the others have one
      first = new Set();
      restart();
    });
    const filters = made("div", "rs-mend-filters"), count = made("span", "rs-small rs-number");
    count.setAttribute("role", "status");
    filters.append(standing, kind, part, finding, sort, count);
    head.insertBefore(filters, close);

    const pane = made("div", "rs-mend-pane"), sheet = made("div", "rs-mend-sheet");
    pane.tabIndex = 0;
    pane.setAttribute("role", "listbox");
    pane.setAttribute("aria-multiselectable", "true");
    pane.setAttribute("aria-label", w.grid);
    pane.append(sheet);
    const bar = made("div", "rs-mend-bar"), field = made("input", "rs-mend-field"), note = made("span", "rs-small");
    note.setAttribute("role", "status");
    field.placeholder = w.class_name;
    field.setAttribute("aria-label", w.class_name);
    field.setAttribute("list", "mend-classes");
    const act = (data) => {
      if (data.places && !data.places.length) return said(w.none_chosen);
      said(w.working);
      ask("edit", data);
      if (["leave_out", "put_back"].includes(data.kind)) leaving.push({ steps: expected, places: data.places });
    };
    const some = () => [...chosen];
    const named = (data) => field.value.trim() ? act(data()) : (said(w.type_class), field.focus());
    const parts = select(w.set_part, [["-", w.set_part], ["", w.no_part], ["train", w.train], ["validation", w.validation], ["test", w.test]], () => {
      if (parts.value !== "-") act({ kind: "part", places: some(), part: parts.value });
      parts.value = "-";
    });
    const out = button(w.leave_out, () => leave());
    const rename = button(w.rename, () => kind.value ? named(() => ({ kind: "rename", classes: [kind.value], label: field.value })) : said(w.choose_class));
    const merge = button(w.merge, () => kind.value ? named(() => ({ kind: "merge", classes: [kind.value, field.value.trim()], label: field.value })) : said(w.choose_class));
    const leave = () => act({ kind: standing.value === "left_out" ? "put_back" : "leave_out", places: some() });
    bar.append(
      field, listed("mend-classes"), button(w.move, () => named(() => ({ kind: "move", places: some(), label: field.value })), "rs-button rs-primary"),
      out, parts, button(w.together, () => act({ kind: "together", places: some() })), rename, merge,
      button(w.compare, () => chosen.size === 2 ? compare(some()) : said(w.choose_two)),
      button(w.all, () => { places.forEach((place) => chosen.add(place)); draw(); }), button(w.nothing, () => { chosen.clear(); draw(); }),
      button(w.undo, () => act({ kind: "undo" })), button(w.redo, () => act({ kind: "redo" })), note);
    dialog.append(pane, bar);
    const said = (text) => { note.textContent = text; };

    const query = () => new URLSearchParams({ standing: standing.value, kind: kind.value, part: part.value, finding: finding.value, sort: sort.value });
    const lasting = () => standing.value !== "left_out" && !finding.value && ["class", "name", "size"].includes(sort.value);
    const foretold = () => {
      const steps = Number(panel().dataset.steps), over = leaving.filter((each) => each.steps <= steps && each.steps > done);
      const only = over.length > 0 && over.length === steps - done; // and no edit of another kind
      leaving = leaving.filter((each) => each.steps > steps);
      done = steps;
      if (panel().dataset.problem || !lasting()) return null;
      if (only) { const gone = new Set(over.flatMap((each) => each.places)); return places.filter((place) => !gone.has(place)); }
      return seen.get(`${panel().dataset.dataset}?${query()}`) ?? null;
    };
    const refresh = () => {
      const answer = foretold();
      if (!answer) return load(false);
      show(answer, false);
      const mine = ++asked;
      setTimeout(() => mine === asked && dialog.isConnected && load(false), CHECK_AFTER);
    };
    const load = async (top) => {
      const mine = ++asked, wanted = `${panel().dataset.dataset}?${query()}`;
      const answer = await fetched(`places?${query()}`);
      if (mine !== asked || !answer || !dialog.isConnected) return;
      if (answer.problem) {
        sort.value = "class";
        await load(top);
        return said(answer.problem);
      }
      if (!answer.places) { // the order is being worked out
        said(answer.done ? fill(w.looking, { share: Math.floor(100 * answer.done / answer.of) }) : w.starting);
        return setTimeout(() => mine === asked && load(top), 400);
      }
      if (["like", "next"].includes(sort.value)) said("");
      if (lasting()) seen.set(wanted, answer.places);
      if (seen.size > SETS) seen.delete(seen.keys().next().value);
      show(answer.places, top);
    };
    const show = (listed, top) => {
      const found = first.size ? [...listed.filter((place) => first.has(place)), ...listed.filter((place) => !first.has(place))] : listed;
      const same = found.length === places.length && found.every((place, index) => place === places[index]);
      places = found;
      const here = new Set(places);
      for (const place of chosen) if (!here.has(place)) chosen.delete(place);
      known.clear();
      tried = new Set();
      at = Math.min(at, Math.max(0, places.length - 1));
      if (top) pane.scrollTop = 0;
      if (same && !top && sheet.children.length) describe(...view);
      else layout();
    };
    const layout = () => {
      const room = pane.clientWidth - 12, wanted = room < 500 ? 92 : 118; // without the padding on either side
      columns = Math.max(2, Math.floor((room + GAP) / (wanted + GAP)));
      cell = Math.floor((room + GAP) / columns) - GAP;
      sheet.style.height = `${Math.ceil(places.length / columns) * (cell + GAP)}px`;
      draw();
    };
    const draw = () => {
      const step = cell + GAP, first = Math.max(0, Math.floor(pane.scrollTop / step) - 1) * columns;
      const last = Math.min(places.length, (Math.ceil((pane.scrollTop + pane.clientHeight) / step) + 1) * columns);
      const there = new Map([...sheet.children].map((node) => [node.id, node])), wanted = [];
      for (let index = first; index < last; index++) {
        const place = places[index], id = `mend-${place}`;
        let node = there.get(id);
        if (!node) {
          node = made("div", "rs-mend-cell");
          node.id = id;
          node.setAttribute("role", "option");
          node.append(picture(place, 160, "", small.get(place) ?? ""), made("span", "rs-mend-label"));
        }
        node.dataset.index = index;
        node.style.cssText = `width:${cell}px;height:${cell}px;left:${(index % columns) * step}px;top:${Math.floor(index / columns) * step}px`;
        node.setAttribute("aria-selected", String(chosen.has(place)));
        node.classList.toggle("at", index === at);
        name(node, place);
        wanted.push(node);
      }
      sheet.replaceChildren(...wanted);
      pane.setAttribute("aria-activedescendant", places.length ? `mend-${places[at]}` : "");
      count.textContent = fill(w.count, { total: number(places.length), chosen: number(chosen.size) });
      out.textContent = standing.value === "left_out" ? w.put_back : w.leave_out;
      describe(first, last);
    };
    const name = (node, place) => {
      const row = known.get(place);
      if (!row) return;
      const image = node.firstChild;
      if (!image.getAttribute("src")) image.src = small.get(place) || address(place);
      node.title = `${row.name} · ${row.label || w.unlabelled}${row.model ? ` · ${w.model}` : ""}`;
      image.alt = `${row.label} ${row.name}`;
      // what a model makes of one that nobody has labelled yet
      node.lastChild.textContent = row.label || (row.likely ? `${row.likely[0]}? ${Math.round(100 * row.likely[1])}%` : "");
    };
    // One request brings what is in view, pictures and names; then what the next and the last page show. One at a time.
    let describing = false, view = [0, 0], tried = new Set();
    const missing = (from, to) => places.slice(Math.max(0, from), Math.max(0, to)).filter((place) => !known.has(place) && !tried.has(place));
    const describe = async (first, last) => {
      view = [first, last];
      if (describing) return;
      describing = true;
      for (;;) {
        const [from, to] = view, size = to - from;
        const wanted = [[from, to], [to, to + size], [from - size, from]].map((ends) => missing(...ends)).find((some) => some.length);
        if (!wanted || !dialog.isConnected) break;
        const some = wanted.slice(0, AT_ONCE), mine = asked;
        const answer = await fetched(`rows?pictures=${!some.every((place) => small.has(place))}&places=${some.join(",")}`);
        if (mine !== asked) continue; // the set was changed meanwhile
        some.forEach((place) => tried.add(place));
        for (const row of answer?.rows ?? []) {
          known.set(row.place, row);
          if (row.picture) small.set(row.place, row.picture);
          delete row.picture;
        }
        for (const old of small.keys()) { if (small.size <= SMALL) break; small.delete(old); }
        for (const node of sheet.children) {
          const place = places[node.dataset.index], image = node.firstChild;
          name(node, place);
          if (tried.has(place) && !image.getAttribute("src")) image.src = address(place); // of which nothing was heard
        }
      }
      describing = false;
    };
    const range = (from, to) => {
      for (let index = Math.min(from, to); index <= Math.max(from, to); index++) chosen.add(places[index]);
    };
    const square = (from, to, before) => {
      const [a, b] = [from % columns, to % columns].sort((x, y) => x - y);
      chosen.clear();
      before.forEach((place) => chosen.add(place));
      for (let index = Math.min(from, to) - columns; index <= Math.max(from, to) + columns; index++) {
        const row = Math.floor(index / columns), column = ((index % columns) + columns) % columns;
        const inside = row >= Math.floor(Math.min(from, to) / columns) && row <= Math.floor(Math.max(from, to) / columns);
        if (inside && column >= a && column <= b && index >= 0 && index < places.length) chosen.add(places[index]);
      }
    };
    const toggle = (index) => { const place = places[index]; chosen.has(place) ? chosen.delete(place) : chosen.add(place); };
    const enlarge = (index) => compare([places[index]]);
    const under = (event) => {
      const node = document.elementFromPoint(event.clientX, event.clientY)?.closest?.(".rs-mend-cell");
      return node ? Number(node.dataset.index) : -1;
    };
    pane.addEventListener("pointerdown", (event) => {
      const index = under(event);
      if (index < 0 || event.button) return;
      if (event.pointerType === "touch") { touched = index; return; } // it may be the begin of scrolling
      if (event.shiftKey) range(anchor, index);
      else if (event.ctrlKey || event.metaKey) { toggle(index); anchor = index; }
      else { const only = chosen.has(places[index]) && chosen.size === 1; chosen.clear(); if (!only) chosen.add(places[index]); anchor = index; dragging = { from: index, before: event.altKey ? [...chosen] : [] }; }
      at = index;
      draw();
    });
    pane.addEventListener("pointermove", (event) => {
      if (!dragging || !(event.buttons & 1)) return;
      const index = under(event);
      if (index < 0 || index === dragging.to) return;
      if (dragging.to === undefined && index === dragging.from) return;
      dragging.to = at = index;
      square(dragging.from, index, dragging.before);
      draw();
    });
    const end = () => { dragging = null; };
    pane.addEventListener("pointerup", (event) => {
      end();
      if (touched >= 0 && under(event) === touched) { toggle(touched); at = anchor = touched; draw(); }
      touched = -1;
    });
    pane.addEventListener("pointercancel", () => { end(); touched = -1; }); // the browser scrolls
    pane.addEventListener("pointerleave", end);
    pane.addEventListener("dblclick", (event) => { const index = under(event); if (index >= 0) enlarge(index); });
    pane.addEventListener("dragstart", (event) => event.preventDefault());
    pane.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
    pane.addEventListener("keydown", (event) => {
      const page = Math.max(1, Math.floor(pane.clientHeight / (cell + GAP))) * columns;
      const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, PageUp: -page, PageDown: page, Home: -places.length, End: places.length };
      if (event.key in moves) {
        const to = Math.min(Math.max(at + moves[event.key], 0), places.length - 1);
        if (event.shiftKey) range(anchor, to); else anchor = to;
        at = to;
        const top = Math.floor(at / columns) * (cell + GAP);
        if (top < pane.scrollTop) pane.scrollTop = top;
        if (top + cell > pane.scrollTop + pane.clientHeight) pane.scrollTop = top + cell - pane.clientHeight;
      } else if (event.key === " ") { toggle(at); anchor = at; }
      else if (event.key === "Enter") enlarge(at);
      else if (event.key === "Delete" || event.key === "Backspace") leave();
      else if (event.key === "m") field.focus();
      else if ((event.ctrlKey || event.metaKey) && event.key === "a") places.forEach((place) => chosen.add(place));
      else if ((event.ctrlKey || event.metaKey) && event.key === "z") act({ kind: event.shiftKey ? "redo" : "undo" });
      else return;
      event.preventDefault();
      draw();
    });
    const named_classes = () => {
      const was = kind.value;
      kind.replaceChildren(new Option(w.classes, ""), ...classes().map((each) => new Option(each, each)));
      kind.value = classes().includes(was) ? was : "";
      bar.querySelector("datalist").replaceWith(listed("mend-classes"));
    };
    new ResizeObserver(() => dialog.isConnected && layout()).observe(pane);
    current = {
      refresh: () => {
        const was = kind.value;
        named_classes();
        if (kind.value === was) refresh();
        else { foretold(); load(false); } // the class that was chosen is gone
      },
      said,
    };
    if (from) standing.value = from;
    named_classes();
    if (classes().includes(wanted.kind)) kind.value = wanted.kind;
    for (const place of wanted.places ?? []) chosen.add(place);
    load(true);
    pane.focus();
  };

  // ---------- Labels that may be wrong ----------
  const queue = () => {
    const w = words(), { dialog } = opened("rs-mend-queue", w.review);
    const body = made("div", "rs-mend-body"), note = made("p", "rs-small");
    note.setAttribute("role", "status");
    dialog.append(body, note);
    const said = (text) => { note.textContent = text; };
    let rows = [], at = 0, estimate = 0, done = [], further = false; // further: beyond those that are likely wrong

    const poll = async () => {
      if (!dialog.isConnected) return;
      const answer = await fetched("review");
      if (!dialog.isConnected) return;
      if (!answer || answer.state === "failed") return said(answer?.problem || w.failed);
      if (answer.state !== "ready") {
        said(answer.total ? fill(w.looking, { share: Math.round(100 * answer.done / answer.total) }) : w.starting);
        return setTimeout(poll, 500);
      }
      ({ suspects: rows, estimate } = answer);
      said(answer.rare.length ? fill(w.rare, { names: answer.rare.join(w.comma) }) : "");
      show();
    };
    const near = (title, places) => {
      const row = made("div", "rs-mend-near");
      row.append(made("span", "rs-small", title), ...places.map((place) => picture(place, 160)));
      return row;
    };
    const decide = (data, key) => {
      const row = rows[at];
      if (!row) return;
      const step = { at, kind: data.kind };
      done.push(step);
      ask("edit", { places: [row.place], why: "label review", ...data }).then((fine) => {
        if (fine || !done.includes(step)) return;
        done = done.filter((each) => each !== step); // it was not done: the picture is asked about again
        at = Math.min(at, step.at);
        show();
      });
      at += 1;
      show(key);
    };
    const acts = () => {
      const row = rows[at];
      return {
        k: [w.keep, () => decide({ kind: "keep" })],
        t: [fill(w.take, { name: row.suggested }), () => decide({ kind: "move", label: row.suggested })],
        o: [w.other, () => body.querySelector("input")?.focus()],
        l: [w.leave_out, () => decide({ kind: "leave_out" })],
        u: [w.undo, () => back()],
      };
    };
    const back = () => {
      if (!done.length) return;
      ask("edit", { kind: "undo" });
      ({ at } = done.pop());
      if (at < estimate) further = false;
      show();
    };
    const ended = () => at >= (further ? rows.length : Math.min(estimate, rows.length));
    const pressed = (key, text, act, kind) => {
      const node = button("", act, kind);
      node.append(`${text} `, made("kbd", "", key.toUpperCase()));
      node.setAttribute("aria-keyshortcuts", key.toUpperCase());
      if (key === "u") node.disabled = !done.length;
      return node;
    };
    // Once all that are likely wrong were decided, or where there are none: what to do now.
    const rest = () => {
      const page = made("div", "rs-mend-rest"), buttons = made("div", "rs-mend-acts");
      const changed = done.some((each) => each.kind !== "keep");
      page.append(made("p", "rs-h2", changed ? w.finished : done.length ? w.all_kept : w.no_suspects));
      if (changed) buttons.append(button(w.train_again, () => { dialog.close(); document.querySelector("#data-choose-model")?.click(); }, "rs-button rs-primary"));
      if (at < rows.length) {
        page.append(made("p", "rs-small", w.rest));
        buttons.append(button(w.further, () => { further = true; show(); }));
      }
      if (done.length) buttons.append(pressed("u", w.undo, back, "rs-button"));
      page.append(buttons);
      body.replaceChildren(page);
      dialog.focus();
    };
    const show = () => {
      if (ended()) return rest();
      const row = rows[at];
      const shown = made("div", "rs-mend-shown"), side = made("div", "rs-mend-side"), buttons = made("div", "rs-mend-acts");
      shown.append(picture(row.place, 640, row.name));
      const own = made("p", "rs-mend-own"), other = made("p", "rs-mend-other");
      own.append(`${w.own} `, made("b", "", row.label));
      other.append(`${w.suggested} `, made("b", "", row.suggested), ` ${Math.round(100 * row.probability)}%`);
      for (const [key, [text, act]] of Object.entries(acts())) {
        buttons.append(pressed(key, text, act, key === "t" ? "rs-button rs-primary" : "rs-button"));
      }
      const form = made("form", "rs-mend-form"), field = made("input", "rs-mend-field"), move = made("button", "rs-button", w.move);
      move.type = "submit";
      field.setAttribute("list", "mend-names");
      field.placeholder = w.class_name;
      field.setAttribute("aria-label", w.class_name);
      form.append(field, listed("mend-names"), move);
      form.onsubmit = (event) => { event.preventDefault(); if (field.value.trim()) decide({ kind: "move", label: field.value }); };
      const progress = at < estimate
        ? fill(w.progress, { at: number(at + 1), of: number(Math.min(estimate, rows.length)) })
        : fill(w.beyond, { at: number(at + 1), of: number(rows.length) });
      side.append(made("p", "rs-small rs-number", progress), own, other, made("p", "rs-small rs-mend-name", row.name));
      if (row.uncertain) side.append(made("p", "rs-note rs-warn", w.uncertain));
      side.append(near(fill(w.like, { name: row.label }), row.own), near(fill(w.like, { name: row.suggested }), row.other), buttons, form);
      body.replaceChildren(shown, side);
      dialog.focus();
    };
    dialog.tabIndex = -1;
    dialog.addEventListener("keydown", (event) => {
      if (event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey || !body.children.length) return;
      const act = ended() ? { u: ["", back] }[event.key.toLowerCase()] : acts()[event.key.toLowerCase()];
      if (!act) return;
      event.preventDefault();
      act[1]();
    });
    current = { refresh: () => {}, said };
    said(w.starting);
    ask("review", {});
    setTimeout(poll, 300);
  };

  // ---------- Near-duplicates ----------
  const duplicates = () => {
    const w = words(), { dialog } = opened("rs-mend-duplicates", w.near);
    const note = made("p", "rs-small"), bar = made("progress", "rs-mend-progress"), body = made("div", "rs-mend-list");
    note.setAttribute("role", "status");
    bar.setAttribute("aria-label", w.near);
    dialog.append(note, bar, body);
    const said = (text) => { note.textContent = text; };
    const encoded = (file) => new Promise((done) => { // its bytes, whatever their encoding
      const reader = new FileReader();
      reader.onloadend = () => done(String(reader.result ?? "").split(",")[1] ?? "");
      reader.readAsDataURL(file);
    });
    const PLAIN = new Set(["none", "near", "auto"]); // these need no edit
    let waits = 0, done = "";
    const shares = () => {
      const bar = document.querySelector(".rs-split-bar:has(.rs-split-handle)")?.dataset; // none where parts are preset
      return new URLSearchParams({ validation: bar?.validation ?? 15, test: bar?.test ?? 15 });
    };
    const poll = async () => {
      clearTimeout(waits);
      if (!dialog.isConnected) return;
      const answer = await fetched(`near?${shares()}`);
      if (!dialog.isConnected) return;
      if (!answer || answer.state === "failed") { bar.hidden = true; return said(answer?.problem || w.near_failed); }
      if (answer.state !== "ready") {
        if (answer.total) { bar.max = answer.total; bar.value = answer.done; }
        said(answer.done ? fill(w.looking, { share: Math.round(100 * answer.done / answer.total) }) : w.starting);
        waits = setTimeout(poll, 400);
        return;
      }
      bar.hidden = true;
      show(answer);
      ask("near", {}); // the panel knows now what was found: the grid can be filtered by it
    };
    const line = (row) => {
      const node = made("tr"), values = { seconds: number(row.seconds), column: row.column };
      const first = made("th", "", fill(w[row.by === "csv" && row.column ? "near_by_column" : `near_by_${row.by}`], values));
      first.scope = "row";
      node.dataset.by = row.by;
      node.append(first, ...[row.groups, row.train, row.validation, row.test, row.apart]
        .map((value) => made("td", "rs-number", number(value))));
      const last = made("td");
      if (!PLAIN.has(row.by) && row.groups) {
        const keep = button(w.near_together, () => {
          keep.disabled = true;
          done = w.near_done;
          ask("edit", { kind: "groups", by: row.by, seconds: row.seconds, column: row.column, table: row.table || "" });
        });
        last.append(keep);
      }
      node.append(last);
      return node;
    };
    // what needs more to be known: within how many seconds, by which table
    const more = (rows) => {
      const node = made("div", "rs-mend-by"), problem = made("p", "rs-small"), form = made("form", "rs-mend-form");
      problem.setAttribute("role", "status");
      const added = async (kind, query, body) => {
        const address = `${base()}/near/by?${shares()}&kind=${kind}${query}`;
        const answer = await fetch(address, { method: "POST", body }).catch(() => null), row = await answer?.json().catch(() => null);
        problem.textContent = answer?.ok ? "" : row?.problem || w.near_failed;
        if (!answer?.ok) return;
        if (kind === "csv") {
          row.table = await encoded(body);
          chosen(row, body);
        }
        rows.querySelector(`tr[data-by="${kind}"]`)?.remove();
        if (row.groups === undefined) problem.textContent = w.near_column_choose;
        else rows.append(line(row));
      };
      const chosen = (row, body) => { // which column of the table says what belongs together
        const options = row.columns.map((name) => [name, name]);
        if (!row.column) options.unshift(["", ""]);
        column.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
        column.value = row.column;
        column.onchange = () => column.value && added("csv", `&column=${encodeURIComponent(column.value)}`, body);
        columns.hidden = row.columns.length < 2;
      };
      const column = select(w.near_column, [], () => {}), columns = made("label", "rs-small", `${w.near_column} `);
      columns.append(column);
      columns.hidden = true;
      const seconds = made("input", "rs-mend-field rs-mend-seconds"), show = made("button", "rs-button", w.near_show), file = made("input");
      Object.assign(seconds, { type: "number", min: 1, max: 1e6, step: "any", value: 60, required: true });
      Object.assign(file, { type: "file", accept: ".csv,.tsv,.txt,text/csv" });
      show.type = "submit";
      form.onsubmit = (event) => { event.preventDefault(); added("time", `&seconds=${seconds.value}`); };
      file.onchange = () => {
        const given = file.files[0];
        file.value = ""; // the same one may be chosen again, once it was mended
        if (given) added("csv", "", given);
      };
      const time = made("label", "rs-small", `${w.near_time} `);
      time.append(seconds);
      file.hidden = true;
      form.append(time, show, made("span", "rs-small", w.near_table), button(w.near_choose, () => file.click()), file, columns);
      node.ondragover = (event) => event.preventDefault();
      node.ondrop = (event) => {
        event.preventDefault();
        if (event.dataTransfer.files[0]) added("csv", "", event.dataTransfer.files[0]);
      };
      node.append(form, problem);
      return node;
    };
    const table = (rows) => {
      const node = made("table", "rs-mend-table"), head = made("tr");
      node.setAttribute("aria-label", w.near_split);
      head.append(...[w.near_by, w.near_groups, w.train, w.validation, w.test, w.near_apart, ""].map((text) => made("th", "", text)));
      node.append(head);
      node.append(...rows.map(line));
      const frame = made("div", "rs-mend-wide");
      frame.append(node);
      return [frame, more(node)];
    };
    const group = (row) => {
      const node = made("div", "rs-mend-group"), about = made("p", "rs-small"), strip = made("div", "rs-mend-near");
      about.append(row.classes.join(w.comma));
      if (row.classes.length > 1) about.append(" ", made("b", "rs-mend-warn", w.near_classes));
      if (row.parts.length > 1) about.append(" ", made("b", "rs-mend-warn", row.parts.map((part) => w[part]).join(" · ")));
      for (const place of row.places) {
        const open = button("", () => compare(row.places.slice(0, 2).includes(place) ? row.places.slice(0, 2) : [place]), "rs-mend-thumb");
        open.append(picture(place, 160, row.classes.join(w.comma)));
        strip.append(open);
      }
      if (row.count > row.places.length) strip.append(made("small", "", fill(w.near_more, { count: number(row.count - row.places.length) })));
      node.append(about, strip);
      return node;
    };
    const show = (answer) => {
      said(answer.total ? fill(w.near_found, { groups: number(answer.total), pictures: number(answer.pictures) }) : answer.leaks ? "" : w.near_none);
      body.replaceChildren();
      if (done) body.append(made("p", "rs-note rs-good", done));
      done = "";
      if (answer.leaks) {
        const leak = made("div", "rs-note rs-warn rs-mend-leak");
        const move = button(fill(w.near_move, { count: number(answer.outside.length) }), () => {
          move.disabled = true;
          ask("edit", { kind: "part", places: answer.outside, part: "train", why: "near-duplicates in several parts" });
        }, "rs-button rs-primary");
        leak.append(made("span", "", fill(w.near_leaks, { count: number(answer.leaks) })), move);
        body.append(leak);
      }
      body.append(made("h3", "rs-h2", w.near_split), ...table(answer.split));
      if (answer.total && !answer.leaks) body.append(made("p", "rs-small", w.near_kept));
      body.append(...answer.groups.map(group));
      if (answer.total > answer.groups.length) body.append(made("p", "rs-small", fill(w.near_shown, { count: number(answer.groups.length) })));
    };
    let seen = panel().dataset.dataset;
    const begin = () => { said(w.starting); ask("near", {}); waits = setTimeout(poll, 300); };
    current = {
      refresh: () => { // after an edit it is another set: its search finds the looks of its pictures done
        if (panel().dataset.dataset === seen) return; // refused: the problem is said
        seen = panel().dataset.dataset;
        begin();
      },
      said: () => { if (panel().dataset.problem) said(panel().dataset.problem); },
    };
    begin();
  };

  element.addEventListener("click", (event) => {
    const what = event.target.closest("[data-mend]")?.dataset.mend;
    if (what === "grid") grid();
    else if (what === "review") queue();
    else if (what === "near") duplicates();
    else if (what) ask("edit", { kind: what });
  });
  // A step on Results has led here: to the pictures of a class, to some of them, or to the labels that may be wrong.
  const wanted = () => {
    const asked = window.studioWanted;
    if (!asked || !panel() || !element.offsetParent) return;
    window.studioWanted = null;
    if (Date.now() > asked.until) return;
    if (asked.review) queue();
    else grid("", asked);
  };
  new IntersectionObserver(() => setTimeout(wanted, 500)).observe(element);
  const changed = () => {
    if (panel()?.dataset.problem || edited !== panel()?.dataset.dataset.split(".")[0]) expected = 0;
    edited = panel()?.dataset.dataset.split(".")[0] ?? "";
    setTimeout(wanted, 500);
    if (!panel() || !current) return;
    current.said(panel().dataset.problem || panel().dataset.last);
    const now = `${panel().dataset.dataset} ${panel().dataset.steps}`; // what is found in it comes a moment later
    if (now !== shown) current.refresh();
    shown = now;
  };
  return () => { // a panel that was on its way while more was edited is not what there is now
    const said = panel()?.dataset;
    if (said && said.dataset.split(".")[0] === latest.dataset.split(".")[0] && Number(said.steps) < latest.steps) Object.assign(said, latest);
    changed();
  };
};
