// Live answers on Predict: one frame is on its way at a time, the next one is taken as soon as its answer is there. The
// bars are smoothed over the last answers; they move on, while nothing else of the page does.
window.studioCamera = (element) => {
  const root = element.querySelector(".predict-camera"), words = root.dataset;
  const video = root.querySelector("video"), heading = root.querySelector("h2"), bars = root.querySelector("ol");
  const note = root.querySelector(".predict-camera-note"), rate = root.querySelector(".predict-camera-rate");
  const hint = root.querySelector(".predict-camera-hint"), shown = root.querySelector(".predict-camera-answer");
  const act = (name) => root.querySelector(`[data-do="${name}"]`);
  const SIDE = 320, FASTEST = 80, SMOOTH = 0.35, PATIENCE = 4, LONGEST = 20_000;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  let stream = null, facing = "user", frozen = false, round = 0, scores = new Map(), times = [], asked = "", heat = false;
  const over = root.querySelector(".predict-camera-heat");

  const choice = () => document.querySelector("#predict-live-model [data-model]")?.dataset ?? {};
  const model = () => choice().model ?? "";
  const seen = () => root.offsetParent !== null && document.visibilityState === "visible";
  const said = (text) => { note.textContent = text; note.hidden = !text; };
  const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));
  const share = (value) => (100 * value).toLocaleString(window.studioLocale, { maximumFractionDigits: 1, minimumFractionDigits: 1 }) + "%";

  const stop = () => {
    round++;
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    video.srcObject = null;
    hint.hidden = false;
    over.hidden = true;
    act("start").textContent = words.start;
    act("freeze").disabled = true;
    freeze(false);
  };
  const freeze = (on) => {
    frozen = on;
    act("freeze").setAttribute("aria-pressed", on);
    act("freeze").textContent = on ? words.go_on : words.freeze;
    if (stream) on ? video.pause() : video.play().catch(() => {});
  };
  const start = async () => {
    if (!navigator.mediaDevices?.getUserMedia) return said(words.insecure);
    const mine = ++round;
    said("");
    let opened = null;
    try {
      opened = await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, width: { ideal: 640 }, height: { ideal: 480 } }, audio: false });
    } catch (error) {
      if (round === mine) said(error.name === "NotAllowedError" ? words.denied : words.none);
      return;
    }
    // a second click, while the first still asks for the camera, must not leave one on that nothing turns off
    if (round !== mine) return opened.getTracks().forEach((track) => track.stop());
    stream = opened;
    // unplugged, or taken by another program: without this, its last picture would be answered for ever
    stream.getVideoTracks()[0]?.addEventListener("ended", () => { if (round === mine) { stop(); said(words.ended); } });
    video.srcObject = stream;
    for (const one of [video, over]) one.classList.toggle("mirrored", (stream.getVideoTracks()[0]?.getSettings().facingMode ?? facing) !== "environment");
    hint.hidden = true;
    act("start").textContent = words.stop;
    act("freeze").disabled = false;
    scores = new Map();
    times = [];
    heading.textContent = words.starting;
    await video.play().catch(() => {});
    look(mine);
  };
  const frame = () => new Promise((resolve) => {
    const side = Math.min(video.videoWidth, video.videoHeight);
    if (!side) return resolve(null);
    canvas.getContext("2d").drawImage(video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2, side, side, 0, 0, SIDE, SIDE);
    canvas.toBlob(resolve, "image/jpeg", 0.92);
  });
  const parsed = (text) => { try { return JSON.parse(text); } catch { return null; } };
  const look = async (mine) => {
    let failures = 0;
    while (round === mine && element.isConnected) {
      if (frozen || !seen() || !model()) { await wait(150); continue; }
      const begun = performance.now(), content = await frame(), wanted = model();
      if (!content) { await wait(50); continue; }
      // an answer that is lost on its way must not hold up all others
      const asking = { method: "POST", body: content, signal: AbortSignal.timeout(LONGEST) };
      const answer = await fetch(`studio/predict/live?${new URLSearchParams({ model: wanted, more: choice().more ?? "", ...(heat && { heat }) })}`, asking).catch(() => null);
      const text = await answer?.text().catch(() => "") ?? "", said_ = parsed(text);
      if (round !== mine) return;
      if (answer?.ok && said_) { failures = 0; said(""); if (!frozen) show(said_, wanted); }
      else if (++failures >= PATIENCE || answer?.status === 429) {
        said(said_?.problem || (answer?.status === 429 && text) || words.lost);
        await wait(1500);
      }
      await wait(Math.max(0, FASTEST - (performance.now() - begun)));
    }
    if (round === mine) stop();
  };
  const show = (answer, wanted) => {
    if (asked !== wanted) { asked = wanted; scores = new Map(); }
    const fresh = !scores.size, now = new Map(answer.scores);
    for (const name of new Set([...scores.keys(), ...now.keys()])) {
      const before = scores.get(name) ?? 0, next = fresh ? now.get(name) : before + SMOOTH * ((now.get(name) ?? 0) - before);
      next < 0.0005 && !now.has(name) ? scores.delete(name) : scores.set(name, next);
    }
    over.hidden = !heat || !answer.heat;
    if (!over.hidden) over.src = answer.heat;
    const best = [...scores].sort((one, other) => other[1] - one[1]).slice(0, 6);
    // a threshold may name another class than the likeliest
    const decided = answer.label !== undefined && answer.label !== answer.scores[0][0];
    const level = decided || best[0][0] === answer.scores[0][0] ? answer.level : "unsure";
    const text = words[level].replace("{name}", decided ? answer.label : best[0][0]);
    if (heading.textContent !== text) heading.textContent = text;
    shown.className = `rs-card predict-answer predict-camera-answer ${level}`;
    // classes stay where they are, so that bars move and rows do not
    const rows = new Map([...bars.children].map((row) => [row.dataset.name, row]));
    for (const [name, row] of rows) if (!best.some(([each]) => each === name)) row.remove();
    for (const [name, value] of best) {
      let row = rows.get(name);
      if (!row?.isConnected) {
        row = document.createElement("li");
        row.dataset.name = name;
        row.append(document.createElement("span"), document.createElement("i"), document.createElement("b"));
        row.firstChild.append(Object.assign(document.createElement("bdi"), { textContent: name }));
        bars.append(row);
      }
      row.querySelector("i").style.setProperty("--share", `${(100 * value).toFixed(1)}%`);
      row.querySelector("b").textContent = share(value);
    }
    times.push(performance.now());
    times = times.filter((time) => time > times[times.length - 1] - 2000);
    root.dataset.answers = Number(root.dataset.answers ?? 0) + 1;
    const span = (times[times.length - 1] - times[0]) / 1000;
    if (span > 0.5) rate.textContent = words.rate.replace("{rate}", ((times.length - 1) / span).toLocaleString(window.studioLocale, { maximumFractionDigits: 1 }));
  };
  // phones pause the picture of a page that is not seen
  document.addEventListener("visibilitychange", () => { if (stream && !frozen && seen()) video.play().catch(() => {}); });
  root.addEventListener("click", (event) => {
    const what = event.target.closest("[data-do]")?.dataset.do;
    if (what === "start") stream ? stop() : start();
    if (what === "freeze") freeze(!frozen);
    if (what === "heat") {
      heat = !heat;
      act("heat").setAttribute("aria-pressed", heat);
      if (!heat) over.hidden = true;
    }
    if (what === "turn") { facing = facing === "user" ? "environment" : "user"; if (stream) { stop(); start(); } }
  });
};
