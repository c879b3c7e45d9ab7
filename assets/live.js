// What runs now: one long request, whose answer is put where data-live names it. Charts get a crosshair and a tooltip.
//
// window.studioLive.follow(id)   show this run under Train ("" lets the page choose)
// window.studioLive.started(id)  this tab has asked for a training: follow it when its turn comes
// window.studioLive.opened(id)   another tab opened this run: show it, unless this tab asked for it itself
// window.studioLive.askToEnd(phase, how)  ask first where the run was started elsewhere; how is stop or pause, see Handlers.stop
// window.studioLive.show()       put the latest pieces into elements that have just appeared
(() => {
  const SVG = "http://www.w3.org/2000/svg", MINE = "studio-mine";
  const WORKING = ["running", "testing"], LINGER = 8000;
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const parts = {};
  let state = { run: "", phase: "", running: [], queued: [] }, seen = "", pinned = "", waiting = null;
  let ended = { run: "", until: 0 }, server = "";
  let share = null, tell = null, ready = false, settled = false, lost = false;

  // ---- which run

  const mine = () => { try { return JSON.parse(sessionStorage.getItem(MINE)) || []; } catch { return []; } };
  const keep = (ids) => { try { sessionStorage.setItem(MINE, JSON.stringify(ids)); } catch {} };
  const wanted = () => {
    if (pinned) return pinned;
    if (Date.now() < ended.until) return ended.run;
    const own = mine();
    return state.running.find((id) => own.includes(id)) || state.queued.find((id) => own.includes(id)) || own.at(-1) || "";
  };
  const again = () => waiting?.abort("again");
  const follow = (id) => { pinned = id || ""; again(); };
  const started = (id) => {
    if (!id) return;
    keep([...mine().filter((one) => one !== id), id].slice(-50));
    pinned = "";
    again();
  };
  // a training that was just asked for changes the run of this browser a moment before started() says whose it is
  // (and what a browser kept of the last visit is no wish to see it)
  const opened = (id) => settled && setTimeout(() => { if (typeof id === "string" && id && !mine().includes(id)) follow(id); }, 800);

  // ---- the request

  const root = () => (window.gradio_config?.root || "").replace(/\/$/, "");
  const visible = () => new Promise((done) => {
    const check = () => { if (!document.hidden) { document.removeEventListener("visibilitychange", check); done(); } };
    document.addEventListener("visibilitychange", check);
    check();
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden) again(); });

  const ask = async () => {
    const asked = wanted();
    const query = new URLSearchParams({ run: asked, seen, lang: (window.studioLocale || "en").slice(0, 2) });
    waiting = new AbortController();
    const late = setTimeout(() => waiting.abort("late"), 40000);
    try {
      const answer = await fetch(`${root()}/studio/live?${query}`, { signal: waiting.signal, cache: "no-store" });
      if (answer.status === 204) return;
      if (!answer.ok) throw new Error(String(answer.status));
      take(await answer.json(), asked);
    } finally {
      clearTimeout(late);
    }
  };

  const loop = async () => {
    let pause = 1000;
    for (;;) {
      await visible();
      try {
        await ask();
        pause = 1000;
        reach(true);
        await sleep(400);
      } catch (problem) {
        if (problem === "again" || waiting?.signal.reason === "again") continue;
        reach(false);
        await sleep(pause);
        pause = Math.min(pause * 1.6, 4000);
      }
    }
  };

  // A restarted server knows nothing of what this page has told it, and may be a newer version.
  const restarted = (answering) => {
    const before = server;
    server = answering;
    return Boolean(before && before !== answering);
  };

  const take = (news, asked) => {
    if (restarted(news.server)) {
      location.reload();
      return;
    }
    if (asked && news.run !== asked) {  // it was deleted
      if (pinned === asked) pinned = "";
      keep(mine().filter((one) => one !== asked));
    }
    seen = news.seen;
    const before = state.phase;
    if (news.run === state.run && WORKING.includes(before) && !WORKING.includes(news.phase)) {
      ended = { run: news.run, until: Date.now() + LINGER };  // how it ended can be read before the next one is shown
      setTimeout(again, LINGER);
    }
    state = { run: news.run, phase: news.phase, running: news.running, queued: news.queued, ahead: news.ahead, mine: news.mine, look: Boolean(news.look) };
    window.studioLook?.(news.look);
    share = news.share;
    Object.assign(parts, news.parts);
    put(Object.keys(news.parts));
    if (state.phase !== before) say();
    signal();
  };

  // Gradio puts a component's first value back while the page is being set up: look again after setting it.
  const signal = () => {
    const text = JSON.stringify(state);
    if (!tell || !ready || !seen || tell.value() === text) return;
    tell.set(text);
    setTimeout(signal, 700);
  };
  const bridge = (value, set) => { tell = { value, set }; signal(); };
  const loaded = () => { ready = true; setTimeout(() => { settled = true; }, 2000); signal(); };

  // ---- the page

  const put = (names) => {
    for (const name of names)
      for (const place of document.querySelectorAll(`[data-live="${name}"]`)) swap(place, parts[name]);
    const header = document.getElementById("studio-now");
    if (header && names.includes("now") && !lost) header.innerHTML = parts.now;
    if (names.includes("reading")) hideUnderstood();
    if (names.includes("curves") || names.includes("trail")) trail();
    for (const region of document.querySelectorAll("[data-live-phase]")) region.dataset.livePhase = state.phase;
    for (const bar of document.querySelectorAll("[data-live-bar]")) fill(bar);
    if (names.includes("curves")) hover.again();
  };

  // to whoever cannot see the page: a change of what happens, not every figure on the way
  const say = () => {
    for (const place of document.querySelectorAll("[data-live-said]"))
      place.textContent = document.querySelector(".rs-stage b")?.textContent || "";
  };

  const shown = new WeakMap();
  const swap = (place, html) => {
    if (shown.get(place) === html) return;
    const focused = place.contains(document.activeElement) && document.activeElement.dataset.follow;
    const open = [...place.querySelectorAll("details")].map((one) => one.open);
    place.innerHTML = html;
    shown.set(place, html);
    place.querySelectorAll("details").forEach((one, index) => { one.open = open[index] || false; });
    if (focused) place.querySelector(`[data-follow="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  };

  const trail = () => {
    for (const panel of document.querySelectorAll('[data-live="curves"] .rs-panel-plot:first-child .rs-plot-frame')) {
      panel.querySelector(".rs-trail")?.remove();
      panel.insertAdjacentHTML("beforeend", parts.trail || "");
    }
  };

  const fill = (bar) => {
    bar.hidden = share === null;
    bar.firstElementChild.style.width = `${100 * (share || 0)}%`;
    bar.setAttribute("aria-valuenow", Math.round(100 * (share || 0)));
  };

  const reach = (there) => {
    if (lost === !there) return;
    lost = !there;
    let bar = document.getElementById("studio-lost");
    if (!bar) {
      bar = document.body.appendChild(document.createElement("div"));
      bar.id = "studio-lost";
      bar.className = "rs-lost";
      bar.setAttribute("role", "status");
    }
    bar.hidden = there;
    bar.textContent = there ? "" : document.querySelector("#live-phase [data-lost]")?.dataset.lost || "…";
    if (there) seen = "";  // a restarted server may know better than what is shown
  };

  const show = () => { put(Object.keys(parts)); };

  // what the handler gets: the run, with that its end was agreed to where it is not this browser's; else nothing
  const askToEnd = async (phase, how) => {
    const now = (() => { try { return JSON.parse(phase) || {}; } catch { return {}; } })();
    if (!now.run || now.mine) return phase;
    const words = document.querySelector("[data-stop-title]").dataset;
    const agreed = await window.studioAsk({
      title: words[`${how}Title`], text: words[`${how}Text`], yes: words[`${how}Yes`], no: words[`${how}No`],
      danger: how === "stop",
    });
    return agreed ? JSON.stringify({ ...now, agreed: now.run }) : "";
  };

  // what is explained once stays away when this browser's user has understood it
  const UNDERSTOOD = "studio-understood";
  const understood = () => { try { return JSON.parse(localStorage.getItem(UNDERSTOOD)) || []; } catch { return []; } };
  const hideUnderstood = () => {
    const known = understood();
    for (const one of document.querySelectorAll("[data-once]")) one.hidden = known.includes(one.dataset.once);
  };

  document.addEventListener("click", (event) => {
    const row = event.target.closest?.("[data-follow]");
    if (row) follow(row.dataset.follow);
    const once = event.target.closest?.("[data-got-it]")?.closest("[data-once]");
    if (once) {
      try { localStorage.setItem(UNDERSTOOD, JSON.stringify([...understood(), once.dataset.once])); } catch {}
      hideUnderstood();
    }
  });

  // ---- crosshair and tooltip of every chart on the page

  const hover = (() => {
    let at = null;
    const make = (name, attributes, parent) => {
      const node = document.createElementNS(SVG, name);
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
      return parent.appendChild(node);
    };
    const number = (value, share) => value === null ? "–" : share ? `${(100 * value).toFixed(1)}%` : String(Number(value.toPrecision(4)));
    const clear = () => { document.querySelectorAll(".rs-hover, .rs-tip").forEach((node) => node.remove()); };
    const scaled = ([low, high, start, end], value) => start + (high === low ? 0 : (value - low) / (high - low)) * (end - start);

    const draw = (figure, row) => {
      clear();
      for (const svg of figure.querySelectorAll("svg[data-plot]")) {
        const plot = JSON.parse(svg.dataset.plot), x = scaled(plot.x, row[0]), box = svg.viewBox.baseVal;
        const group = make("g", { class: "rs-hover" }, svg);
        make("path", { class: "rs-crosshair", d: `M${x} ${plot.y[3] - 6}V${plot.y[2]}` }, group);
        const tip = document.createElement("div");
        tip.className = "rs-tip";
        const title = tip.appendChild(document.createElement("b"));
        title.textContent = `${figure.dataset.epoch} ${row[0].toLocaleString()}`;
        plot.columns.forEach((column, index) => {
          const value = row[column];
          if (value === undefined || (value === null && plot.columns.length > 2)) return;
          if (value !== null) {
            const y = Math.min(Math.max(scaled(plot.y, value), plot.y[3] - 6), plot.y[2]);
            make("circle", { class: `rs-dot ${plot.looks[index]}`, cx: x, cy: y, r: 4 }, group);
          }
          const line = tip.appendChild(document.createElement("div"));
          const swatch = make("svg", { class: "rs-plot", viewBox: "0 0 18 8" }, line);
          make("path", { class: `line ${plot.looks[index]}`, d: "M0 4h18" }, swatch);
          line.append(plot.names[index]);
          line.appendChild(document.createElement("span")).textContent = number(value, plot.share);
        });
        if (plot.share) tip.classList.add("low");
        const side = x / box.width > 0.55 ? "right" : "left";
        const away = side === "left" ? x / box.width : 1 - x / box.width;
        tip.style[side] = `calc(${100 * away}% + 12px)`;
        svg.parentNode.appendChild(tip);
      }
    };

    const nearest = (figure, svg, clientX) => {
      const rows = JSON.parse(figure.dataset.rows), plot = JSON.parse(svg.dataset.plot), box = svg.getBoundingClientRect();
      const x = (clientX - box.left) / box.width * svg.viewBox.baseVal.width;
      if (!rows.length || x < plot.x[2] - 12) return -1;
      const epoch = plot.x[0] + (x - plot.x[2]) / (plot.x[3] - plot.x[2]) * (plot.x[1] - plot.x[0]);
      let best = 0;
      rows.forEach((row, index) => { if (Math.abs(row[0] - epoch) < Math.abs(rows[best][0] - epoch)) best = index; });
      return best;
    };
    const point = (clientX, clientY) => {
      const svg = document.elementFromPoint(clientX, clientY)?.closest?.("svg[data-plot]");
      const figure = svg?.closest(".rs-chart[data-rows]");
      const index = figure ? nearest(figure, svg, clientX) : -1;
      if (index < 0) { if (at) clear(); at = null; return; }
      at = { clientX, clientY };
      draw(figure, JSON.parse(figure.dataset.rows)[index]);
    };
    document.addEventListener("pointermove", (event) => {
      if (at || event.target.closest?.(".rs-chart")) point(event.clientX, event.clientY);
    }, { passive: true });
    document.addEventListener("keydown", (event) => {
      const figure = event.target.closest?.(".rs-chart[data-rows]");
      if (!figure) return;
      const rows = JSON.parse(figure.dataset.rows), steps = { ArrowLeft: -1, ArrowRight: 1, Home: -rows.length, End: rows.length };
      if (event.key === "Escape") { clear(); return; }
      if (!(event.key in steps) || !rows.length) return;
      event.preventDefault();
      const from = figure.dataset.index === undefined ? (event.key === "ArrowLeft" ? rows.length : -1) : Number(figure.dataset.index);
      const index = Math.min(Math.max(from + steps[event.key], 0), rows.length - 1);
      figure.dataset.index = index;
      draw(figure, rows[index]);
      figure.querySelectorAll(".rs-tip").forEach((tip) => tip.setAttribute("role", "status"));
    });
    document.addEventListener("focusout", (event) => { if (event.target.closest?.(".rs-chart")) clear(); });
    return { again: () => { if (at) point(at.clientX, at.clientY); } };
  })();

  window.studioLive = { follow, started, opened, show, bridge, loaded, askToEnd };
  loop();
})();
