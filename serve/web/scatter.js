// SPDX-License-Identifier: Apache-2.0
// A map of the rows: each a point, in the colour of its class or origin. A rectangle that is drawn
// with the mouse selects; the rows are then shown in the grid.

const kColours = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#888"];
const kRadius = 3.5, kMargin = 12;

const root = document.querySelector(".scatter");
if (root) start(root).catch(console.error);

async function start(root) {
  const canvas = root.querySelector("canvas"), legend = root.querySelector(".legend");
  const status = root.querySelector("[role=status]");
  const method = document.querySelector("select[name=method]");
  const colour = document.querySelector("select[name=colour]");
  let points = [], box = null, newest = 0;

  async function load() {
    const own = ++newest;
    status.textContent = "…";
    const reply = await fetch(`/api/curate/scatter?${root.dataset.filter}&method=${method.value}`);
    const answer = await reply.json();
    if (own !== newest) return; // another map has been asked for since
    if (reply.status === 503) {
      status.textContent = answer.error;
      setTimeout(() => own === newest && load(), 1000);
      return;
    }
    if (!reply.ok) {
      status.textContent = answer.error;
      return;
    }
    points = answer.points;
    status.textContent = answer.text;
    draw();
  }

  const place = (point) => [
    kMargin + ((point.x + 1) / 2) * (canvas.clientWidth - 2 * kMargin),
    kMargin + ((1 - point.y) / 2) * (canvas.clientHeight - 2 * kMargin),
  ];

  function draw() {
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const names = [...new Set(points.map((point) => point[colour.value]))].sort();
    for (const point of points) {
      const at = names.indexOf(point[colour.value]) % kColours.length;
      const [x, y] = place(point);
      context.fillStyle = kColours[at];
      context.beginPath();
      // Shape as well as colour: squares for what is not real.
      if (point.origin === "real") context.arc(x, y, kRadius, 0, 2 * Math.PI);
      else context.rect(x - kRadius, y - kRadius, 2 * kRadius, 2 * kRadius);
      context.fill();
    }
    if (box) {
      context.strokeStyle = getComputedStyle(canvas).color;
      context.setLineDash([5, 4]);
      context.strokeRect(box.x, box.y, box.width, box.height);
    }
    legend.replaceChildren(...names.map((name, i) => {
      const item = document.createElement("li"), mark = document.createElement("span");
      mark.style.background = kColours[i % kColours.length];
      item.append(mark, ` ${name || "-"} (${points.filter((p) => p[colour.value] === name).length})`);
      return item;
    }));
  }

  let from = null;
  const position = (event) => {
    const area = canvas.getBoundingClientRect();
    return [event.clientX - area.left, event.clientY - area.top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    box = null;
    from = position(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [x, y] = position(event);
    box = {x: Math.min(x, from[0]), y: Math.min(y, from[1]),
           width: Math.abs(x - from[0]), height: Math.abs(y - from[1])};
    draw();
  });
  canvas.addEventListener("pointerup", () => {
    from = null;
    if (!box || box.width < 4 || box.height < 4) return;
    const inside = points.filter((point) => {
      const [x, y] = place(point);
      return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
    });
    if (inside.length === 0) return;
    // As a form, since there may be many rows.
    const form = root.querySelector("form");
    form.elements.rows.value = inside.map((point) => point.n).join(",");
    form.submit();
  });
  method.addEventListener("change", load);
  colour.addEventListener("change", draw);
  new ResizeObserver(draw).observe(canvas);
  await load();
}
