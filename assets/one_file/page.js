// The page of one exported model. It reads pictures, prepares them exactly as the studio does (Pillow's bilinear filter
// in whole numbers), runs the model by ONNX Runtime, and shows what it says. Nothing is sent anywhere.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const about = JSON.parse($("about").textContent), words = JSON.parse($("words").textContent);
  const view = about.preprocessing, side = view.crop, classes = about.classes;
  const BARS = 5, KEPT = 60, SHOWN = 960, LARGE = 2 ** 24, BAND = 2 ** 21, SMOOTH = 0.35, STRENGTH = 0.8;
  const HEAT = [[0, 0, 4], [31, 12, 72], [85, 15, 109], [136, 34, 106], [186, 54, 85], [227, 89, 51], [249, 140, 10], [249, 201, 50], [252, 255, 164]];

  // ---------- Preparing a picture ----------

  const even = (x) => { const low = Math.floor(x), part = x - low; return part > 0.5 || (part === 0.5 && low % 2) ? low + 1 : low; }; // as Python rounds
  const PRECISION = 22; // bits behind the point of Pillow's weights

  const weights = (from, to) => { // which pixels each new pixel is made of, and how much of each
    const scale = from / to, wide = Math.max(1, scale), most = Math.ceil(wide) * 2 + 1;
    const first = new Int32Array(to), count = new Int32Array(to), values = new Int32Array(to * most);
    for (let at = 0; at < to; at++) {
      const centre = (at + 0.5) * scale, start = Math.max(0, Math.trunc(centre - wide + 0.5));
      const length = Math.min(from, Math.trunc(centre + wide + 0.5)) - start, some = new Float64Array(length);
      let sum = 0;
      for (let x = 0; x < length; x++) sum += some[x] = Math.max(0, 1 - Math.abs((x + start - centre + 0.5) * (1 / wide)));
      for (let x = 0; x < length; x++) values[at * most + x] = Math.trunc(0.5 + (sum ? some[x] / sum : some[x]) * 2 ** PRECISION);
      first[at] = start;
      count[at] = length;
    }
    return { first, count, values, most };
  };
  const pass = (data, lines, from, to, lineStep, step, outLine, outStep) => { // along one direction, for every line across it
    const { first, count, values, most } = weights(from, to), out = new Uint8Array(lines * to * 3);
    for (let line = 0; line < lines; line++)
      for (let at = 0; at < to; at++) {
        let red = 1 << (PRECISION - 1), green = red, blue = red, place = line * lineStep + first[at] * step;
        for (let x = 0, k = at * most; x < count[at]; x++, k++, place += step) {
          const weight = values[k];
          red += data[place] * weight; green += data[place + 1] * weight; blue += data[place + 2] * weight;
        }
        const target = line * outLine + at * outStep;
        out[target] = Math.min(255, red >> PRECISION); out[target + 1] = Math.min(255, green >> PRECISION); out[target + 2] = Math.min(255, blue >> PRECISION);
      }
    return out;
  };
  const resized = (picture, width, height) => {
    let { data } = picture;
    if (width !== picture.width) data = pass(data, picture.height, picture.width, width, picture.width * 3, 3, width * 3, 3);
    if (height !== picture.height) data = pass(data, width, picture.height, height, 3, width * 3, 3, width * 3);
    return { width, height, data };
  };
  const cut = (picture, left, top, width, height) => {
    if (!left && !top && width === picture.width && height === picture.height) return picture;
    const data = new Uint8Array(width * height * 3);
    for (let row = 0; row < height; row++) {
      const start = ((top + row) * picture.width + left) * 3;
      data.set(picture.data.subarray(start, start + width * 3), row * width * 3);
    }
    return { width, height, data };
  };
  const sharper = (picture) => {
    const short = Math.min(picture.width, picture.height), native = view.native_side ?? 0;
    if (!native || view.reduces !== "all" || short <= about.sharper * native) return picture;
    return resized(picture, Math.floor(picture.width * native / short), Math.floor(picture.height * native / short));
  };
  const framed = (given) => { // what the network is shown: a square
    const picture = sharper(given), { width, height } = picture, fit = view.fit ?? "crop";
    if (fit === "squeeze") return resized(picture, side, side);
    if (fit === "pad") {
      const scale = side / Math.max(width, height), whole = resized(picture, Math.max(1, even(width * scale)), Math.max(1, even(height * scale)));
      const data = new Uint8Array(side * side * 3), left = (side - whole.width) >> 1, top = (side - whole.height) >> 1;
      for (let at = 0; at < data.length; at++) data[at] = about.padding[at % 3];
      for (let row = 0; row < whole.height; row++) data.set(whole.data.subarray(row * whole.width * 3, (row + 1) * whole.width * 3), ((top + row) * side + left) * 3);
      return { width: side, height: side, data };
    }
    const longest = about.longest * Math.min(width, height), kept = [Math.min(width, longest), Math.min(height, longest)];
    const middle = cut(picture, Math.max(0, (width - longest) >> 1), Math.max(0, (height - longest) >> 1), ...kept);
    const long = Math.trunc(view.resize * Math.max(...kept) / Math.min(...kept));
    const whole = middle.width <= middle.height ? resized(middle, view.resize, long) : resized(middle, long, view.resize);
    return cut(whole, even((whole.width - side) / 2), even((whole.height - side) / 2), side, side);
  };
  const place = (width, height) => { // where that square lies, in shares of the picture
    const along = (length) => {
      if (view.fit === "squeeze") return [0, 1];
      if (view.fit === "pad") {
        const now = Math.max(1, even(length * side / Math.max(width, height))), before = Math.floor((side - now) / 2);
        return [-before / now, (side - before) / now];
      }
      const short = Math.min(width, height), kept = Math.min(length, about.longest * short);
      const now = kept === short ? view.resize : Math.trunc(view.resize * kept / short), first = even((now - side) / 2);
      const skipped = Math.max(0, (length - kept) >> 1), scale = kept / now;
      return [(skipped + first * scale) / length, (skipped + (first + side) * scale) / length];
    };
    return [along(width), along(height)];
  };
  const work = document.createElement("canvas"), pen = work.getContext("2d", { willReadFrequently: true });
  const pixels = (drawable, width, height, step = 1) => { // RGB on white, averaged in squares of step px, band by band
    const across = Math.ceil(width / step), down = Math.ceil(height / step), out = new Uint8Array(across * down * 3);
    const rows = step === 1 ? height : Math.min(Math.ceil(height / step) * step, step * Math.max(1, Math.floor(BAND / (width * step))));
    if (work.width < width || work.height < rows) { work.width = Math.max(work.width, width); work.height = Math.max(work.height, rows); }
    for (let top = 0; top < height; top += rows) {
      const high = Math.min(rows, height - top);
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, width, high);
      pen.drawImage(drawable, 0, top, width, high, 0, 0, width, high);
      averaged(pen.getImageData(0, 0, width, high).data, width, high, step, out, top / step);
    }
    return { width: across, height: down, data: out };
  };
  const averaged = (data, width, height, step, out, first) => {
    const across = Math.ceil(width / step), down = Math.ceil(height / step);
    for (let y = 0, to = first * across * 3; y < down; y++)
      for (let x = 0; x < across; x++) {
        let red = 0, green = 0, blue = 0;
        const bottom = Math.min(height, (y + 1) * step), right = Math.min(width, (x + 1) * step), count = (bottom - y * step) * (right - x * step);
        for (let row = y * step; row < bottom; row++)
          for (let column = x * step, at = (row * width + column) * 4; column < right; column++, at += 4) { red += data[at]; green += data[at + 1]; blue += data[at + 2]; }
        out[to++] = (red + count / 2) / count;
        out[to++] = (green + count / 2) / count;
        out[to++] = (blue + count / 2) / count;
      }
  };
  const decoded = async (blob) => { // with the step that the studio, too, reduces a large picture by before it resizes
    const head = new Uint8Array(await blob.slice(0, 3).arrayBuffer()), jpeg = head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff;
    const bitmap = await createImageBitmap(blob, { imageOrientation: "from-image", colorSpaceConversion: view.colour_managed ? "default" : "none" });
    const short = Math.min(bitmap.width, bitmap.height), size = bitmap.width * bitmap.height;
    let step = jpeg ? Math.max(...[1, 2, 4, 8].filter((each) => each === 1 || each * 2 * view.resize <= short)) : 1;
    while (jpeg && step < 8 && size > step * step * LARGE) step *= 2;
    if (step === 1 && size > LARGE) step = Math.max(1, Math.floor(short / (2 * view.resize)));
    return { bitmap, step };
  };
  const normalised = ({ data }) => {
    const values = new Float32Array(3 * side * side), share = Math.fround;
    for (let at = 0; at < side * side; at++)
      for (let channel = 0; channel < 3; channel++)
        values[channel * side * side + at] = share(share(share(data[at * 3 + channel] / 255) - share(view.mean[channel])) / share(view.std[channel]));
    return values;
  };

  // ---------- The model ----------

  const packed = async (id) => {
    const text = atob($(id).textContent.trim()), bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
    $(id).remove(); // megabytes that nobody needs twice
    return bytes;
  };
  const unpacked = async (id) => {
    const stream = new Blob([await packed(id)]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };
  const load = async () => {
    const address = URL.createObjectURL(new Blob([await packed("runtime")], { type: "text/javascript" }));
    const ort = await import(address);
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmBinary = await unpacked("wasm");
    const session = await ort.InferenceSession.create(await unpacked("model"));
    return { ort, session };
  };
  let turn = Promise.resolve();
  const answered = (picture) => { // one at a time
    const mine = turn.then(async () => {
      const { ort, session } = await model, begun = performance.now();
      const input = new ort.Tensor("float32", normalised(framed(picture)), [1, 3, side, side]);
      const found = await session.run({ input }), unlike = found.unlike ? found.unlike.data[0] : null;
      const limit = about.unlike_threshold;
      return {
        probabilities: Array.from(found.probabilities.data), unlike, unknown: unlike !== null && limit !== null && unlike > limit,
        maps: found.maps ? { data: Float32Array.from(found.maps.data), height: found.maps.dims[2], width: found.maps.dims[3] } : null,
        milliseconds: performance.now() - begun,
      };
    });
    turn = mine.catch(() => {});
    return mine;
  };
  const order = (probabilities) => classes.map((name, at) => [name, probabilities[at], at]).sort((a, b) => b[1] - a[1]);

  // ---------- What is shown ----------

  const remembered = { get: (name) => { try { return localStorage.getItem(`onefile.${name}`); } catch { return null; } }, set: (name, value) => { try { localStorage.setItem(`onefile.${name}`, value); } catch { /* not allowed here */ } } };
  let language = remembered.get("language") ?? (/^zh/i.test(navigator.language) ? "zh" : "en"), ready = false, failed = "";
  let current = null, wanted = null, heat = false, stream = null, round = 0, facing = "user";
  const said = (name, values = {}) => (words[language][name] ?? name).replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
  const percent = (value) => value.toLocaleString(language === "zh" ? "zh-CN" : "en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const problem = (name, values) => { $("problem").hidden = !name; $("problem").textContent = name ? said(name, values) : ""; };

  const speak = () => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    for (const each of document.querySelectorAll("[data-say]")) each.textContent = said(each.dataset.say);
    for (const each of document.querySelectorAll("[data-say-label]")) each.setAttribute("aria-label", each.title = said(each.dataset.sayLabel));
    for (const each of document.querySelectorAll("[data-language]")) each.setAttribute("aria-pressed", each.dataset.language === language);
    $("camera").textContent = said(stream ? "camera_stop" : "camera");
    $("facts").textContent = said("facts", { network: about.network, count: classes.length, side, version: about.studio_version });
    $("weights").textContent = said(about.weights.key === "starter" ? "weights_starter" : "weights", { name: about.weights.name ?? about.weights.key ?? "" });
    $("classes").textContent = said("classes", { names: classes.slice(0, 100).join(language === "zh" ? "、" : ", ") + (classes.length > 100 ? "…" : "") });
    for (const each of $("earlier").querySelectorAll("button")) each.querySelector("span").textContent = named(each.answer);
    draw();
  };
  const named = (answer) => (answer.unknown ? said("unknown") : order(answer.probabilities)[0][0]);
  const bar = () => {
    const item = document.createElement("li"), button = item.appendChild(document.createElement("button"));
    button.type = "button";
    for (const name of ["name", "share", "track"]) button.appendChild(document.createElement("span")).className = name;
    button.querySelector(".name").dir = "auto";
    button.querySelector(".track").appendChild(document.createElement("span")).className = "bar";
    button.addEventListener("click", () => { wanted = button.label; heat = true; draw(); });
    return item;
  };
  const draw = () => {
    const answer = current?.answer, [name, note] = [$("name"), $("note")];
    $("look").hidden = !answer?.maps;
    $("look").setAttribute("aria-pressed", heat);
    $("verdict").className = answer?.unknown ? "unknown" : "";
    $("bars").hidden = $("speed").hidden = !answer;
    if (!answer) {
      name.textContent = said(failed ? "broken" : ready ? "waiting" : "loading");
      note.textContent = failed ? said("broken_more", { problem: failed }) : said(ready ? "waiting_more" : "loading_more");
      return over();
    }
    const sorted = order(answer.probabilities), shown = Math.min(BARS, sorted.length);
    name.textContent = named(answer);
    note.textContent = answer.unknown ? said("unknown_more", { name: sorted[0][0] }) : said("sure", { share: percent(sorted[0][1]) });
    while ($("bars").children.length > shown) $("bars").lastChild.remove();
    while ($("bars").children.length < shown) $("bars").append(bar());
    [...$("bars").children].forEach((item, at) => {
      const button = item.firstChild, [label, share, index] = sorted[at];
      button.label = index;
      button.disabled = !answer.maps;
      button.setAttribute("aria-pressed", heat && index === (wanted ?? sorted[0][2]));
      button.querySelector(".name").textContent = label;
      button.querySelector(".share").textContent = percent(share);
      button.querySelector(".bar").style.width = `${100 * share}%`;
    });
    $("speed").textContent = said("speed", { time: Math.round(answer.milliseconds) });
    over(answer);
  };
  const over = (answer) => { // the heat map over the picture
    const canvas = $("heat");
    canvas.hidden = !(heat && answer?.maps && current);
    if (canvas.hidden) return;
    const { data, width, height } = answer.maps, label = wanted ?? order(answer.probabilities)[0][2], start = label * width * height;
    const cells = data.subarray(start, start + width * height), top = Math.max(1e-12, ...cells), FINE = 192;
    const small = document.createElement("canvas"), image = new ImageData(FINE, FINE);
    for (let y = 0; y < FINE; y++)
      for (let x = 0; x < FINE; x++) {
        const u = Math.min(width - 1, Math.max(0, (x + 0.5) * width / FINE - 0.5)), v = Math.min(height - 1, Math.max(0, (y + 0.5) * height / FINE - 0.5));
        const [left, up] = [Math.floor(u), Math.floor(v)], [right, below] = [Math.min(width - 1, left + 1), Math.min(height - 1, up + 1)];
        const at = (row, column) => Math.max(0, cells[row * width + column]) / top, a = u - left, b = v - up;
        const value = (at(up, left) * (1 - a) + at(up, right) * a) * (1 - b) + (at(below, left) * (1 - a) + at(below, right) * a) * b;
        const step = Math.min(HEAT.length - 2, Math.floor(value * (HEAT.length - 1))), part = value * (HEAT.length - 1) - step, to = (y * FINE + x) * 4;
        for (let channel = 0; channel < 3; channel++) image.data[to + channel] = HEAT[step][channel] * (1 - part) + HEAT[step + 1][channel] * part;
        image.data[to + 3] = 255 * STRENGTH * Math.min(1, 1.3 * value);
      }
    small.width = small.height = FINE;
    small.getContext("2d").putImageData(image, 0, 0);
    const [across, down] = place(current.width, current.height), scale = Math.min(1, SHOWN / Math.max(current.width, current.height));
    canvas.width = Math.max(1, Math.round(current.width * scale));
    canvas.height = Math.max(1, Math.round(current.height * scale));
    const box = [across[0] * canvas.width, down[0] * canvas.height, (across[1] - across[0]) * canvas.width, (down[1] - down[0]) * canvas.height];
    canvas.getContext("2d").drawImage(small, ...box);
  };

  // ---------- Pictures from files ----------

  const small = (drawable, width, height, most) => {
    const scale = Math.min(1, most / Math.max(width, height)), canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    canvas.getContext("2d").drawImage(drawable, 0, 0, canvas.width, canvas.height);
    return canvas;
  };
  const show = (entry) => {
    current = entry;
    wanted = null;
    const canvas = $("picture");
    canvas.width = entry.picture.width;
    canvas.height = entry.picture.height;
    canvas.getContext("2d").drawImage(entry.picture, 0, 0);
    canvas.hidden = false;
    $("hint").hidden = true;
    draw();
  };
  const remember = (entry) => {
    const item = document.createElement("li"), button = item.appendChild(document.createElement("button"));
    button.type = "button";
    button.title = entry.name;
    button.answer = entry.answer;
    button.append(small(entry.picture, entry.picture.width, entry.picture.height, 160), document.createElement("span"));
    button.lastChild.textContent = named(entry.answer);
    button.addEventListener("click", () => { stop(); show(entry); });
    $("earlier").prepend(item);
    while ($("earlier").children.length > KEPT) $("earlier").lastChild.remove();
  };
  const classify = async (blob) => { // also for scripts: await classify(file)
    const { bitmap, step } = await decoded(blob);
    const answer = await answered(pixels(bitmap, bitmap.width, bitmap.height, step));
    return { answer, bitmap };
  };
  const take = async (files) => {
    stop();
    problem();
    let unreadable = [];
    for (const file of files) {
      try {
        const { answer, bitmap } = await classify(file);
        const picture = small(bitmap, bitmap.width, bitmap.height, SHOWN);
        const entry = { answer, picture, width: bitmap.width, height: bitmap.height, name: file.name ?? "" };
        bitmap.close();
        show(entry);
        remember(entry);
      } catch (error) {
        if (failed) return;
        unreadable = [...unreadable, file.name ?? ""];
        problem("unreadable", { name: unreadable.join(language === "zh" ? "、" : ", ") });
      }
    }
  };

  // ---------- The camera ----------

  const video = $("video"), wait = (time) => new Promise((resolve) => setTimeout(resolve, time));
  const stop = () => {
    if (!stream) return;
    round++;
    for (const track of stream.getTracks()) track.stop();
    stream = video.srcObject = null;
    video.hidden = $("turn").hidden = true;
    $("camera").textContent = said("camera");
    $("verdict").setAttribute("aria-live", "polite");
    current = null;
    $("heat").hidden = $("picture").hidden = true;
    $("hint").hidden = false;
    for (const each of [video, $("heat")]) each.classList.remove("mirrored");
    draw();
  };
  const start = async () => {
    problem();
    if (!navigator.mediaDevices?.getUserMedia) return problem("camera_never");
    const mine = ++round;
    let opened = null;
    try {
      opened = await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, width: { ideal: 640 }, height: { ideal: 480 } }, audio: false });
    } catch (error) {
      return round === mine && problem(error.name === "NotAllowedError" ? "camera_denied" : "camera_none");
    }
    if (round !== mine) return opened.getTracks().forEach((track) => track.stop()); // another click came first
    stream = opened;
    opened.getVideoTracks()[0]?.addEventListener("ended", () => { if (round === mine) { stop(); problem("camera_none"); } });
    current = null;
    $("picture").hidden = $("hint").hidden = true;
    video.hidden = $("turn").hidden = false;
    video.srcObject = stream;
    const mirrored = (stream.getVideoTracks()[0]?.getSettings().facingMode ?? facing) !== "environment";
    for (const each of [video, $("heat")]) each.classList.toggle("mirrored", mirrored);
    $("camera").textContent = said("camera_stop");
    $("verdict").setAttribute("aria-live", "off");
    await video.play().catch(() => {});
    look(mine);
  };
  const look = async (mine) => {
    let mean = null;
    while (round === mine) {
      if (document.visibilityState !== "visible" || !video.videoWidth) { await wait(100); continue; }
      const size = [video.videoWidth, video.videoHeight], answer = await answered(pixels(video, ...size)).catch(() => null);
      if (round !== mine) return;
      if (!answer) { await wait(500); continue; }
      mean = mean ? mean.map((value, at) => value + (1 - SMOOTH) * (answer.probabilities[at] - value)) : answer.probabilities;
      current = { answer: { ...answer, probabilities: mean }, width: size[0], height: size[1] };
      draw();
      await new Promise(requestAnimationFrame);
    }
  };

  // ---------- Handlers ----------

  const pictures = (list) => [...list].filter((file) => !file.type || file.type.startsWith("image/"));
  $("file").addEventListener("change", (event) => { take([...event.target.files]); event.target.value = ""; });
  $("camera").addEventListener("click", () => (stream ? stop() : start()));
  $("turn").addEventListener("click", () => { facing = facing === "user" ? "environment" : "user"; stop(); start(); });
  $("look").addEventListener("click", () => { heat = !heat; wanted = null; draw(); });
  addEventListener("paste", (event) => { const files = pictures(event.clipboardData.files); if (files.length) { event.preventDefault(); take(files); } });
  for (const name of ["dragover", "dragleave", "drop"])
    addEventListener(name, (event) => {
      event.preventDefault();
      $("stage").classList.toggle("over", name === "dragover");
      if (name === "drop" && event.dataTransfer.files.length) take([...event.dataTransfer.files]);
    });
  for (const each of document.querySelectorAll("[data-language]"))
    each.addEventListener("click", () => { language = each.dataset.language; remembered.set("language", language); problem(); speak(); });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const dress = () => document.documentElement.classList.toggle("dark", (remembered.get("theme") ?? (dark.matches ? "dark" : "light")) === "dark");
  dark.addEventListener("change", dress);
  $("theme").addEventListener("click", () => { remembered.set("theme", document.documentElement.classList.contains("dark") ? "light" : "dark"); document.documentElement.classList.toggle("dark"); });

  dress();
  speak();
  const model = load();
  model.then(() => { ready = true; draw(); }, (error) => { failed = String(error?.message ?? error); draw(); });
  window.resnetStudio = {
    ready: model.then(() => true),
    classify: async (blob) => { const { answer, bitmap } = await classify(blob); bitmap.close(); return { scores: order(answer.probabilities).map(([name, share]) => [name, share]), unlike: answer.unlike, unknown: answer.unknown, milliseconds: answer.milliseconds }; },
    pixels: async (blob) => { const { bitmap, step } = await decoded(blob); return framed(pixels(bitmap, bitmap.width, bitmap.height, step)).data; },
  };
})();
