// SPDX-License-Identifier: Apache-2.0
// The image viewer: window and level on the values of the file (up to 16 bits), zoom, turn, boxes
// and heat map. The picture of the server is shown until the values are there, and without script.

const kZoomStep = 1.2, kMostZoom = 32;

for (const root of document.querySelectorAll(".viewer")) start(root).catch(console.error);

async function start(root) {
  const stage = root.querySelector(".stage");
  const reply = await fetch(root.dataset.pixels);
  if (!reply.ok) return;
  const fact = (name) => Number(reply.headers.get(`X-${name}`));
  const image = {
    width: fact("width"),
    height: fact("height"),
    white: fact("white"),
    scale: fact("scale"),
    values: new Uint16Array(await reply.arrayBuffer()),
  };
  const boxes = JSON.parse(root.dataset.boxes);
  const heat = root.dataset.heat === "-" ? null : await load_heat(root.dataset.heat, image);
  const first = {low: fact("low"), high: fact("high")};
  const view = {...first, invert: false, turn: 0, zoom: 1, x: 0, y: 0, boxes: true, heat: false};

  const canvas = document.createElement("canvas");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", stage.querySelector("img").alt);
  const words = document.createElement("output");
  stage.replaceChildren(canvas, words);
  const tools = root.querySelector(".tools");
  tools.hidden = false;
  const opacity = tools.querySelector("[name=opacity]");
  if (!heat) {
    tools.querySelector("[data-do=heat]").remove();
    opacity.closest("label").remove();
  }

  // The image in 8 bits, drawn anew when the window changes.
  const grey = new OffscreenCanvas(image.width, image.height);
  const grey_context = grey.getContext("2d");
  const pixels = grey_context.createImageData(image.width, image.height);
  const table = new Uint32Array(65536);
  let grey_of = "";
  function draw_grey() {
    const key = `${view.low} ${view.high} ${view.invert}`;
    if (key === grey_of) return;
    grey_of = key;
    const scale = 255 / Math.max(1, view.high - view.low);
    for (let value = 0; value < table.length; ++value) {
      let shown = Math.min(255, Math.max(0, Math.round((value - view.low) * scale)));
      if (view.invert) shown = 255 - shown;
      table[value] = 0xff000000 | (shown << 16) | (shown << 8) | shown;
    }
    const out = new Uint32Array(pixels.data.buffer);
    for (let i = 0; i < out.length; ++i) out[i] = table[image.values[i]];
    grey_context.putImageData(pixels, 0, 0);
  }

  let asked = false;
  function draw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      paint();
    });
  }

  // CSS pixels of the canvas per pixel of the image at zoom 1.
  function fit() {
    const sideways = view.turn % 180 !== 0;
    const width = sideways ? image.height : image.width;
    const height = sideways ? image.width : image.height;
    return Math.min(canvas.clientWidth / width, canvas.clientHeight / height);
  }

  function paint() {
    draw_grey();
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.translate(canvas.clientWidth / 2 + view.x, canvas.clientHeight / 2 + view.y);
    context.rotate((view.turn * Math.PI) / 180);
    const scale = fit() * view.zoom;
    context.scale(scale, scale);
    context.translate(-image.width / 2, -image.height / 2);
    context.imageSmoothingEnabled = scale < 3;
    context.drawImage(grey, 0, 0);
    if (heat && view.heat) {
      context.globalAlpha = opacity.value / 100;
      context.drawImage(heat, 0, 0, image.width, image.height);
      context.globalAlpha = 1;
    }
    if (view.boxes) draw_boxes(context, scale);
    const level = Math.round((view.low + view.high) / 2), width = Math.round(view.high - view.low);
    words.textContent =
      `${root.dataset.window} ${width}, ${root.dataset.level} ${level}, ${Math.round(100 * scale * image.scale)} %`;
    for (const button of tools.querySelectorAll("[data-do]"))
      if (["boxes", "heat", "invert"].includes(button.dataset.do))
        button.setAttribute("aria-pressed", String(view[button.dataset.do]));
  }

  function draw_boxes(context, scale) {
    context.lineWidth = 1.5 / scale;
    context.strokeStyle = "#ffb000";
    context.fillStyle = "#ffb000";
    context.font = `${14 / scale}px system-ui, sans-serif`;
    context.setLineDash([6 / scale, 4 / scale]);
    boxes.forEach((box, i) => {
      const [x, y, width, height] = box.bbox.map((side) => side * image.scale);
      context.strokeRect(x, y, width, height);
      context.fillText(`${i + 1}`, x, y - 4 / scale);
    });
    context.setLineDash([]);
  }

  const actions = {
    whole: () => Object.assign(view, {low: 0, high: image.white}),
    bone: () => {
      const middle = (first.low + first.high) / 2;
      Object.assign(view, {low: middle - (first.high - first.low) / 4, high: first.high});
    },
    soft: () => Object.assign(view, {low: first.low, high: (first.low + first.high) / 2}),
    invert: () => (view.invert = !view.invert),
    turn: () => (view.turn = (view.turn + 90) % 360),
    reset: () => Object.assign(view, first, {invert: false, turn: 0, zoom: 1, x: 0, y: 0}),
    boxes: () => (view.boxes = !view.boxes),
    heat: () => (view.heat = !view.heat),
    full: () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()),
    keys: () => toggle_keys(tools, root),
  };
  function act(name) {
    actions[name]();
    draw();
  }
  for (const button of tools.querySelectorAll("[data-do]"))
    button.addEventListener("click", () => act(button.dataset.do));
  opacity.addEventListener("input", () => {
    view.heat = true;
    draw();
  });

  // Window by dragging with the left button, moving with the right one or Shift.
  const pointers = new Map();
  let pinch = 0;
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
    pinch = 0;
  });
  for (const end of ["pointerup", "pointercancel"])
    canvas.addEventListener(end, (event) => pointers.delete(event.pointerId));
  canvas.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const dx = event.clientX - before.clientX, dy = event.clientY - before.clientY;
    pointers.set(event.pointerId, event);
    if (pointers.size === 2) {
      const [a, b] = [...pointers.values()];
      const apart = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
      if (pinch > 0) zoom_at(apart / pinch, (a.clientX + b.clientX) / 2, (a.clientY + b.clientY) / 2);
      pinch = apart;
    } else if (event.buttons === 1 && !event.shiftKey) {
      shift_window(dx, dy);
    } else {
      view.x += dx;
      view.y += dy;
    }
    draw();
  });
  function shift_window(dx, dy) {
    const step = image.white / 512;
    const level = (view.low + view.high) / 2 - dy * step;
    const width = Math.max(2, view.high - view.low + dx * step);
    view.low = level - width / 2;
    view.high = level + width / 2;
  }
  function zoom_at(factor, client_x, client_y) {
    const zoom = Math.min(kMostZoom, Math.max(1, view.zoom * factor));
    const place = canvas.getBoundingClientRect();
    const x = client_x - place.left - place.width / 2, y = client_y - place.top - place.height / 2;
    view.x = x - ((x - view.x) * zoom) / view.zoom;
    view.y = y - ((y - view.y) * zoom) / view.zoom;
    view.zoom = zoom;
    if (zoom === 1) view.x = view.y = 0;
  }
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      zoom_at(event.deltaY < 0 ? kZoomStep : 1 / kZoomStep, event.clientX, event.clientY);
      draw();
    },
    {passive: false},
  );
  document.addEventListener("keydown", (event) => {
    // Keys work where the focus is: letters alone must not surprise who does not want them.
    if (!root.contains(document.activeElement) || root.querySelector("dialog[open]")) return;
    if (event.target.closest("input, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const button = [...tools.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key);
    if (button) return act(button.dataset.do);
    if (document.activeElement !== canvas) return;
    const moves = {
      ArrowLeft: () => (event.shiftKey ? shift_window(-8, 0) : (view.x += 20)),
      ArrowRight: () => (event.shiftKey ? shift_window(8, 0) : (view.x -= 20)),
      ArrowUp: () => (event.shiftKey ? shift_window(0, -8) : (view.y += 20)),
      ArrowDown: () => (event.shiftKey ? shift_window(0, 8) : (view.y -= 20)),
      "+": () => zoom_centre(kZoomStep),
      "-": () => zoom_centre(1 / kZoomStep),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
    draw();
  });
  function zoom_centre(factor) {
    const place = canvas.getBoundingClientRect();
    zoom_at(factor, place.left + place.width / 2, place.top + place.height / 2);
  }
  new ResizeObserver(draw).observe(canvas);
  if (root === document.querySelector(".viewer")) canvas.focus({preventScroll: true});
  draw();
}

// Returns the heat map in colours, from dark red to yellow; the lowest values are transparent.
async function load_heat(address, image) {
  const reply = await fetch(address);
  if (!reply.ok) return null;
  const bitmap = await createImageBitmap(await reply.blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const data = context.getImageData(0, 0, bitmap.width, bitmap.height);
  for (let i = 0; i < data.data.length; i += 4) {
    const value = data.data[i];
    data.data[i] = Math.min(255, 2 * value);
    data.data[i + 1] = Math.max(0, 2 * value - 255);
    data.data[i + 2] = 0;
    data.data[i + 3] = value;
  }
  context.putImageData(data, 0, 0);
  return canvas;
}

function toggle_keys(tools, root) {
  const shown = root.querySelector("dialog");
  if (shown) return shown.remove();
  const dialog = document.createElement("dialog");
  const list = document.createElement("dl");
  for (const button of tools.querySelectorAll("[data-key]")) {
    const key = document.createElement("dt"), what = document.createElement("dd");
    key.textContent = button.dataset.key;
    what.textContent = button.textContent;
    list.append(key, what);
  }
  dialog.append(list);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", () => dialog.close());
  root.append(dialog);
  dialog.showModal();
}
