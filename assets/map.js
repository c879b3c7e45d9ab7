// The map of the pictures on Results: points on a canvas, a thumbnail under the pointer, a lasso that selects.
(() => {
  const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#7b5ea7", "#8c564b", "#6b7280", "#2ca02c"];
  const colour = (label) => (label < COLOURS.length ? COLOURS[label] : `hsl(${(label * 137.5) % 360} 55% 50%)`);

  const start = (box) => {
    const data = JSON.parse(box.dataset.map), canvas = box.querySelector("canvas"), tip = box.querySelector(".act-tip");
    const field = (name) => box.querySelector(`[data-map-field="${name}"]`);
    const chosen = new Set(), pen = canvas.getContext("2d");
    let lasso = null, spots = [];

    const visible = (at) => {
      const [, , label, predicted] = data.points[at], wanted = Number(field("class").value);
      return (wanted < 0 || label === wanted) && (field("show").value === "all" || label !== predicted);
    };
    const draw = () => {
      const width = canvas.clientWidth, height = canvas.clientHeight, sharp = window.devicePixelRatio || 1;
      if (!width) return;
      canvas.width = width * sharp; canvas.height = height * sharp;
      pen.setTransform(sharp, 0, 0, sharp, 0, 0);
      const side = Math.min(width, height) - 24, ink = getComputedStyle(canvas).color;
      const radius = data.points.length > 1500 ? 2.4 : 3.6;
      spots = data[field("kind").value].map(([x, y]) => [width / 2 + (x - 0.5) * side, height / 2 + (0.5 - y) * side]);
      for (const [at, [x, y]] of spots.entries()) {
        if (!visible(at)) continue;
        const [, , label, predicted] = data.points[at];
        pen.globalAlpha = chosen.size && !chosen.has(at) ? 0.25 : 0.85;
        pen.fillStyle = colour(label);
        pen.beginPath(); pen.arc(x, y, chosen.has(at) ? radius + 1.2 : radius, 0, 7); pen.fill();
        if (label !== predicted) {
          pen.strokeStyle = colour(predicted); pen.lineWidth = 1.6;
          pen.beginPath(); pen.arc(x, y, radius + 3, 0, 7); pen.stroke();
        }
      }
      pen.globalAlpha = 1;
      pen.strokeStyle = ink; pen.lineWidth = 1.8;
      for (const at of data.suspects) if (visible(at)) pen.strokeRect(spots[at][0] - radius - 4, spots[at][1] - radius - 4, 2 * radius + 8, 2 * radius + 8);
      if (lasso?.length > 1) {
        pen.strokeStyle = ink; pen.lineWidth = 1.2; pen.setLineDash([5, 4]);
        pen.beginPath(); lasso.forEach(([x, y], step) => (step ? pen.lineTo(x, y) : pen.moveTo(x, y))); pen.stroke();
        pen.setLineDash([]);
      }
      box.querySelector("output").textContent = chosen.size ? data.chosen.replace("[count]", chosen.size) : "";
      box.querySelector('[data-map-do="open"]').disabled = ![...chosen].some((at) => data.places[at] >= 0);
    };
    const inside = ([x, y], line) => {
      let odd = false;
      for (let at = 0, before = line.length - 1; at < line.length; before = at++) {
        const [ax, ay] = line[at], [bx, by] = line[before];
        if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
      }
      return odd;
    };
    const spot = (event) => {
      const frame = canvas.getBoundingClientRect();
      return [event.clientX - frame.left, event.clientY - frame.top];
    };
    const hover = ([x, y]) => {
      let near = -1, least = 100;
      for (const [at, [px, py]] of spots.entries()) {
        const off = (px - x) ** 2 + (py - y) ** 2;
        if (off < least && visible(at)) [near, least] = [at, off];
      }
      tip.hidden = near < 0;
      if (near < 0) return;
      const [part, index, label, predicted] = data.points[near], address = `${data.start}${data.parts[part]}/${index}?side=112`;
      const image = tip.querySelector("img");
      if (image.getAttribute("src") !== address) image.src = address;
      tip.querySelector("span").textContent = label === predicted ? data.classes[label] : `${data.classes[label]} → ${data.classes[predicted]}`;
      tip.style.insetInlineStart = `${Math.min(x + 14, canvas.clientWidth - 140)}px`;
      tip.style.top = `${Math.min(y + 14, canvas.clientHeight - 150)}px`;
    };

    canvas.addEventListener("pointerdown", (event) => { lasso = [spot(event)]; canvas.setPointerCapture(event.pointerId); tip.hidden = true; });
    canvas.addEventListener("pointermove", (event) => {
      if (!lasso) return hover(spot(event));
      lasso.push(spot(event)); draw();
    });
    canvas.addEventListener("pointerup", (event) => {
      if (lasso?.length > 3) {
        if (!event.shiftKey) chosen.clear();
        spots.forEach((at, number) => { if (visible(number) && inside(at, lasso)) chosen.add(number); });
      }
      lasso = null; draw();
    });
    canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
    box.addEventListener("change", draw);
    box.addEventListener("click", (event) => {
      const what = event.target.closest("[data-map-do]")?.dataset.mapDo;
      if (what === "select") data.points.forEach((_, at) => { if (visible(at)) chosen.add(at); });
      else if (what === "clear") chosen.clear();
      else if (what === "open") box.chosenPlaces = [...chosen].map((at) => data.places[at]).filter((place) => place >= 0);
      draw();
    }, true);
    box.querySelector(".act-map-key").replaceChildren(...data.classes.slice(0, 20).map((name, label) => {
      const entry = document.createElement("span"), dot = document.createElement("i");
      dot.style.background = colour(label);
      entry.append(dot, name);
      return entry;
    }));
    new ResizeObserver(draw).observe(canvas);
    draw();
  };

  document.addEventListener("studio-panel", (event) => {
    const box = event.target.querySelector(".act-map");
    if (box) start(box);
  });
})();
