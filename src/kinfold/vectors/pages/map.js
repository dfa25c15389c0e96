"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const { words, x, y, of, names, near, marks, notes } = data;
const count = words.length;
const folded = words.map((word) => fold(word));
const stage = document.querySelector(".stage");
const canvas = stage.querySelector("canvas");
const brush = canvas.getContext("2d");
const tip = stage.querySelector(".tip");
const box = document.querySelector("input[type=search]");
const list = document.querySelector(".search ul");
const said = document.querySelector(".said");
const card = document.querySelector(".chosen");

const MARGIN = 28, FARTHEST = 0.6, NEAREST = 400, TOUCH = 14;
const shown = new Set([...names.keys(), -1]);  // classes that are drawn
const widths = new Map();
let colours = {}, wide = 1, high = 1, unit = 1;
let view = { zoom: 1, x: data.centre[0], y: data.centre[1] };
let matched = new Set(), hovered = -1, chosen = -1, active = -1, waiting = false;

function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  colours = { ink: read("--ink"), soft: read("--soft"), card: read("--card"), accent: read("--accent") };
  colours.none = names.length ? read("--c-none") : colours.accent;
  colours.of = marks.map(([colour]) => read(colour));
}

function measure() {
  const ratio = window.devicePixelRatio || 1;
  wide = canvas.clientWidth;
  high = canvas.clientHeight;
  canvas.width = Math.round(wide * ratio);
  canvas.height = Math.round(high * ratio);
  brush.setTransform(ratio, 0, 0, ratio, 0, 0);
  unit = Math.min((wide - 2 * MARGIN) / data.span[0], (high - 2 * MARGIN) / data.span[1]);
  unit = Math.max(unit, 1e-9);
}

const screenX = (i) => wide / 2 + (x[i] - view.x) * unit * view.zoom;
const screenY = (i) => high / 2 - (y[i] - view.y) * unit * view.zoom;
const visible = (i) => shown.has(of ? of[i] : -1);

function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; draw(); });
}

// One mark: a class has a colour and a shape, so that no one needs to tell colours apart.
function mark(path, shape, px, py, r) {
  if (shape === 0) { path.moveTo(px + r, py); path.arc(px, py, r, 0, 7); return; }
  if (shape === 1) { path.rect(px - r * 0.9, py - r * 0.9, r * 1.8, r * 1.8); return; }
  if (shape === 2) { path.moveTo(px, py - r * 1.25); path.lineTo(px + r * 1.15, py + r * 0.8); path.lineTo(px - r * 1.15, py + r * 0.8); path.closePath(); return; }
  path.moveTo(px, py - r * 1.3); path.lineTo(px + r * 1.3, py); path.lineTo(px, py + r * 1.3); path.lineTo(px - r * 1.3, py); path.closePath();
}

const shapeOf = (c) => (c < 0 ? 0 : marks[c][1]);
const kindOf = (i) => (notes ? notes[i] : of && of[i] >= 0 ? names[of[i]] : "");

function draw() {
  brush.clearRect(0, 0, wide, high);
  const base = count > 8000 ? 1.4 : count > 1500 ? 2.2 : 3.2;
  const r = Math.min(7, base * Math.pow(view.zoom, 0.35));
  const paths = new Map(), bright = new Map(), inside = [];
  const searching = matched.size > 0, focus = hovered >= 0 ? hovered : chosen;
  const kin = new Set(focus < 0 ? [] : [focus, ...near[focus]]);
  for (let i = 0; i < count; i++) {
    if (!visible(i)) continue;
    const px = screenX(i), py = screenY(i);
    if (px < -40 || py < -20 || px > wide + 40 || py > high + 20) continue;
    inside.push(i);
    const c = of ? of[i] : -1;
    const layer = searching && (matched.has(i) || kin.has(i)) ? bright : paths;
    if (!layer.has(c)) layer.set(c, new Path2D());
    mark(layer.get(c), shapeOf(c), px, py, layer === bright ? r * 1.5 + 1 : r);
  }
  const paint = (layer, alpha) => {
    brush.globalAlpha = alpha;
    for (const [c, path] of layer) {
      brush.fillStyle = c < 0 ? colours.none : colours.of[c];
      brush.fill(path);
    }
    brush.globalAlpha = 1;
  };
  paint(paths, searching ? 0.16 : count > 8000 ? 0.6 : 0.85);
  paint(bright, 1);
  if (focus >= 0 && visible(focus)) drawFocus(focus, r);
  const labels = drawLabels(inside, r, focus, searching);
  canvas.dataset.drawn = inside.length;
  canvas.dataset.zoom = view.zoom.toFixed(4);
  canvas.dataset.labels = labels;
  canvas.dataset.matched = matched.size;
  canvas.dataset.chosen = chosen < 0 ? "" : words[chosen];
}

function drawFocus(i, r) {
  const px = screenX(i), py = screenY(i);
  brush.strokeStyle = colours.soft;
  brush.lineWidth = 1;
  for (const j of near[i]) {
    if (!visible(j)) continue;
    brush.beginPath(); brush.moveTo(px, py); brush.lineTo(screenX(j), screenY(j)); brush.stroke();
  }
  brush.strokeStyle = colours.ink;
  brush.lineWidth = 2;
  brush.beginPath(); brush.arc(px, py, r + 4, 0, 7); brush.stroke();
}

// Labels in the order of importance, each where it covers no other; the rarer words wait for more room.
function drawLabels(inside, r, focus, searching) {
  const size = 12, cell = 48, taken = new Map();
  const free = (left, top, right, bottom) => {
    for (let cx = Math.floor(left / cell); cx <= right / cell; cx++)
      for (let cy = Math.floor(top / cell); cy <= bottom / cell; cy++)
        for (const t of taken.get(cx + ":" + cy) || [])
          if (left < t[2] && right > t[0] && top < t[3] && bottom > t[1]) return false;
    return true;
  };
  const take = (rect) => {
    for (let cx = Math.floor(rect[0] / cell); cx <= rect[2] / cell; cx++)
      for (let cy = Math.floor(rect[1] / cell); cy <= rect[3] / cell; cy++) {
        const key = cx + ":" + cy;
        if (!taken.has(key)) taken.set(key, []);
        taken.get(key).push(rect);
      }
  };
  brush.textBaseline = "middle";
  brush.lineJoin = "round";
  const done = new Set();
  const put = (i, strong, must) => {
    if (done.has(i)) return;
    const px = screenX(i), py = screenY(i);
    brush.font = (strong ? "600 " : "400 ") + size + "px system-ui, sans-serif";
    const text = words[i].length > 40 ? words[i].slice(0, 39) + "…" : words[i];
    const key = (strong ? "b" : "n") + text;
    if (!widths.has(key)) widths.set(key, brush.measureText(text).width);
    const w = widths.get(key), gap = r + 3, tall = size * 0.62;
    const spots = [[px + gap, py], [px - gap - w, py], [px - w / 2, py - gap - tall], [px - w / 2, py + gap + tall]];
    let spot = spots.find(([lx, ly]) => lx > 2 && lx + w < wide - 2 && ly > tall && ly < high - tall && free(lx - 3, ly - tall, lx + w + 3, ly + tall));
    if (!spot && must) spot = spots[0];
    if (!spot) return;
    take([spot[0] - 3, spot[1] - tall, spot[0] + w + 3, spot[1] + tall]);
    brush.strokeStyle = colours.card;
    brush.lineWidth = 3.5;
    brush.strokeText(text, spot[0], spot[1]);
    brush.fillStyle = strong || !searching ? colours.ink : colours.soft;
    brush.fillText(text, spot[0], spot[1]);
    done.add(i);
  };
  if (focus >= 0 && visible(focus)) {
    put(focus, true, true);
    for (const j of near[focus]) if (visible(j)) put(j, false, false);
  }
  const most = Math.min(300, (wide * high) / 3600);
  for (const i of inside) {
    if (done.size >= most) break;
    if (!searching || matched.has(i)) put(i, searching, false);
  }
  return done.size;
}

function zoomAt(factor, px, py) {
  const zoom = Math.min(NEAREST, Math.max(FARTHEST, view.zoom * factor));
  const before = unit * view.zoom, after = unit * zoom;
  view.x += (px - wide / 2) * (1 / before - 1 / after);
  view.y -= (py - high / 2) * (1 / before - 1 / after);
  view.zoom = zoom;
  keepInside();
  redraw();
}

function pan(dx, dy) {
  view.x -= dx / (unit * view.zoom);
  view.y += dy / (unit * view.zoom);
  keepInside();
  redraw();
}

function keepInside() {
  const hold = (value, middle, span) => Math.min(middle + span / 2, Math.max(middle - span / 2, value));
  view.x = hold(view.x, data.centre[0], data.span[0]);
  view.y = hold(view.y, data.centre[1], data.span[1]);
}

function whole() {
  view = { zoom: 1, x: data.centre[0], y: data.centre[1] };
  redraw();
}

// Turn to a word: it and its neighbours in view, not closer than they need.
function turnTo(i) {
  const reach = near[i].map((j) => Math.hypot(x[j] - x[i], y[j] - y[i])).sort((a, b) => a - b);
  const far = reach.length ? reach[Math.floor(reach.length / 2)] : data.span[0] / 8;
  const zoom = Math.min(wide, high) / (5 * Math.max(far, data.span[0] / 200) * unit);
  view = { zoom: Math.min(40, Math.max(1, zoom)), x: x[i], y: y[i] };
  choose(i);
}

function choose(i) {
  chosen = i;
  card.hidden = i < 0;
  if (i >= 0) {
    card.querySelector("h2").textContent = words[i];
    card.querySelector("p").textContent = (kindOf(i) ? kindOf(i) + " · " : "") + (near[i].length ? "nearest in the space:" : "");
    card.querySelector("ol").replaceChildren(...near[i].map((j) => {
      const item = document.createElement("li"), button = document.createElement("button");
      button.type = "button";
      button.textContent = words[j];
      button.addEventListener("click", () => turnTo(j));
      item.append(button);
      return item;
    }));
  }
  redraw();
}

function at(px, py) {
  let best = -1, least = TOUCH * TOUCH;
  for (let i = 0; i < count; i++) {
    if (!visible(i)) continue;
    const dx = screenX(i) - px, dy = screenY(i) - py, d = dx * dx + dy * dy;
    if (d < least) { least = d; best = i; }
  }
  return best;
}

function hover(i) {
  if (i === hovered) return;
  hovered = i;
  canvas.classList.toggle("pointing", i >= 0);
  tip.hidden = i < 0;
  if (i >= 0) {
    const title = document.createElement("b"), kind = document.createElement("div"), rest = document.createElement("div");
    title.textContent = words[i];
    kind.textContent = kindOf(i);
    kind.className = rest.className = "soft";
    rest.textContent = near[i].length ? "near: " + near[i].map((j) => words[j]).join(", ") : "";
    tip.replaceChildren(title, kind, rest);
    const px = screenX(i), py = screenY(i);
    const left = px + tip.offsetWidth + 24 > wide ? px - tip.offsetWidth - 16 : px + 16;
    const top = Math.min(Math.max(4, py + 14), Math.max(4, high - tip.offsetHeight - 4));
    tip.style.transform = `translate(${Math.max(4, left)}px, ${top}px)`;
  }
  redraw();
}

const fingers = new Map();
let moved = 0, pinch = 0;
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
  moved = 0;
  pinch = 0;
  canvas.classList.add("dragging");
});
canvas.addEventListener("pointermove", (event) => {
  const now = [event.offsetX, event.offsetY], old = fingers.get(event.pointerId);
  if (!old) { hover(at(...now)); return; }
  fingers.set(event.pointerId, now);
  if (fingers.size === 1) {
    moved += Math.hypot(now[0] - old[0], now[1] - old[1]);
    if (moved > 4) { hover(-1); pan(now[0] - old[0], now[1] - old[1]); }
    return;
  }
  const [a, b] = [...fingers.values()];
  const apart = Math.hypot(a[0] - b[0], a[1] - b[1]);
  if (pinch) zoomAt(apart / pinch, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
  pinch = apart;
  moved = 99;
});
const lift = (event) => {
  if (!fingers.delete(event.pointerId)) return;
  pinch = 0;
  canvas.classList.remove("dragging");
  if (event.type === "pointerup" && moved <= 4) choose(at(event.offsetX, event.offsetY));
};
canvas.addEventListener("pointerup", lift);
canvas.addEventListener("pointercancel", lift);
canvas.addEventListener("pointerleave", () => hover(-1));
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const lines = event.deltaMode === 1 ? 18 : event.deltaMode === 2 ? 360 : 1;
  hover(-1);
  zoomAt(Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) * 0.0022), event.offsetX, event.offsetY);
}, { passive: false });
canvas.addEventListener("dblclick", (event) => zoomAt(2, event.offsetX, event.offsetY));
canvas.addEventListener("keydown", (event) => {
  const step = 60, middle = [wide / 2, high / 2];
  const keys = {
    ArrowLeft: () => pan(step, 0), ArrowRight: () => pan(-step, 0), ArrowUp: () => pan(0, step), ArrowDown: () => pan(0, -step),
    "+": () => zoomAt(1.4, ...middle), "=": () => zoomAt(1.4, ...middle), "-": () => zoomAt(1 / 1.4, ...middle),
    "0": whole, Home: whole, Enter: () => choose(at(...middle)), Escape: () => choose(-1),
  };
  if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  keys[event.key]();
});
document.getElementById("closer").addEventListener("click", () => zoomAt(1.6, wide / 2, high / 2));
document.getElementById("farther").addEventListener("click", () => zoomAt(1 / 1.6, wide / 2, high / 2));
document.getElementById("whole").addEventListener("click", whole);

for (const button of document.querySelectorAll(".legend button"))
  button.addEventListener("click", () => {
    const c = Number(button.dataset.class), on = !shown.has(c);
    if (on) shown.add(c); else shown.delete(c);
    button.setAttribute("aria-pressed", String(on));
    find();
  });

// Words that begin with what was typed come first, then those that hold it; each group in the order of importance.
function find() {
  const asked = fold(box.value.trim());
  const first = [], later = [];
  if (asked)
    for (let i = 0; i < count; i++) {
      if (!visible(i)) continue;
      const place = folded[i].indexOf(asked);
      if (place >= 0) (folded[i] === asked ? first.unshift.bind(first) : place === 0 ? first.push.bind(first) : later.push.bind(later))(i);
    }
  const found = [...first, ...later];
  matched = new Set(found);
  active = found.length ? 0 : -1;
  said.textContent = !asked ? "" : found.length === 0 ? "no word here holds that" : found.length === 1 ? "1 word" : found.length.toLocaleString("en") + " words";
  list.replaceChildren(...found.slice(0, 8).map((i, place) => {
    const item = document.createElement("li");
    item.id = "hit" + place;
    item.role = "option";
    item.textContent = words[i];
    item.dataset.word = i;
    item.setAttribute("aria-selected", String(place === 0));
    item.addEventListener("pointerdown", (event) => { event.preventDefault(); go(i); });
    return item;
  }));
  openList(found.length > 0 && document.activeElement === box);
  redraw();
}

function openList(open) {
  list.hidden = !open;
  box.setAttribute("aria-expanded", String(open));
  if (open && active >= 0) box.setAttribute("aria-activedescendant", "hit" + active);
  else box.removeAttribute("aria-activedescendant");
}

function go(i) {
  openList(false);
  matched = new Set();
  said.textContent = "";
  turnTo(i);
}

box.addEventListener("input", find);
box.addEventListener("focus", () => openList(list.childElementCount > 0));
box.addEventListener("blur", () => openList(false));
box.addEventListener("keydown", (event) => {
  const items = [...list.children];
  if (event.key === "Escape") { box.value = ""; find(); return; }
  if (!items.length) return;
  if (event.key === "Enter") { event.preventDefault(); go(Number(items[active].dataset.word)); return; }
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (!step) return;
  event.preventDefault();
  active = (active + step + items.length) % items.length;
  items.forEach((item, place) => item.setAttribute("aria-selected", String(place === active)));
  items[active].scrollIntoView({ block: "nearest" });
  openList(true);
});

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); redraw(); });
new ResizeObserver(() => { measure(); redraw(); }).observe(canvas);
readColours();
measure();
choose(-1);
