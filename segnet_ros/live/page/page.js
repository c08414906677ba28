// The page: asks the stream for what is new, draws it, and asks again.

import {Charts} from "./charts.js";
import {drawGround} from "./ground.js";

const RETRY = 1000, MAX_SILENCE = 5000; // milliseconds, of the stream
const STALE = 3; // seconds, of a view
const LEVELS = ["ok", "warn", "error", "stale"];
const TITLES = {overlay: "image", grid: "grid", map: "map", stats: "figures"};
const ROBOT = {x: 0, y: 0, yaw: 0}; // in its own frame

const $ = id => document.getElementById(id);
const charts = new Charts($("charts"));
let stream = null, watchdog = 0, retry = 0, frames = [], came = new Set(), damaged = false;

function connect() {
  clearTimeout(retry);
  const camera = new URLSearchParams(location.search).get("camera");
  const query = camera === null ? "" : `?camera=${encodeURIComponent(camera)}`;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const opened = new WebSocket(`${scheme}://${location.host}/stream${query}`);
  opened.binaryType = "arraybuffer";
  opened.onopen = () => opened.send("next");
  opened.onmessage = async message => {
    watch(opened);
    await show(message.data);
    if (opened.readyState === WebSocket.OPEN) opened.send("next");
  };
  opened.onclose = event => {
    if (stream !== opened) return; // a newer one is at work
    stream = null;
    clearTimeout(watchdog);
    if (document.hidden) return;
    say(event?.reason || "no connection to the page's program on the robot; trying again");
    markAll("no connection");
    retry = setTimeout(connect, RETRY);
  };
  stream = opened;
  watch(opened);
}

/** Give a stream up that is silent: a network that is gone closes nothing. */
function watch(opened) {
  clearTimeout(watchdog);
  watchdog = setTimeout(() => { opened.onclose(); opened.close(); }, MAX_SILENCE);
}

/** Show an answer: the length of its JSON, its JSON, and the data of its parts. */
async function show(answer) {
  const length = new DataView(answer).getUint32(0, true);
  const {state, parts} = JSON.parse(new TextDecoder().decode(new Uint8Array(answer, 4, length)));
  let start = 4 + length;
  for (const part of parts) {
    const data = new Uint8Array(answer, start, part.bytes);
    start += part.bytes;
    came.add(part.view);
    $(part.view)?.classList.add("came");
    await VIEWS[part.view]?.(part, data);
  }
  showState(state);
}

const VIEWS = {
  async overlay(part, data) {
    const image = await createImageBitmap(new Blob([data])).catch(() => null);
    damaged = image === null;
    if (damaged) return;
    frames.push(performance.now());
    const canvas = document.querySelector("#overlay canvas");
    canvas.width = image.width;
    canvas.height = image.height;
    canvas.getContext("2d").drawImage(image, 0, 0);
    image.close();
  },
  grid(part, cells) { ground("grid", part, cells, ROBOT); },
  map(part, cells) {
    // The window of the map is laid around the robot.
    const half = part.resolution / 2, c = Math.cos(part.yaw), s = Math.sin(part.yaw);
    const u = part.width * half, v = part.height * half;
    ground("map", part, cells, {x: part.x + c * u - s * v, y: part.y + s * u + c * v, yaw: null});
  },
  stats(part) { charts.add(part); },
  diagnostics(part) {
    const open = new Set([...document.querySelectorAll("#diagnostics details[open]")].map(d => d.dataset.name));
    $("diagnostics").replaceChildren(...part.status.map(status => line(status, open.has(status.name))));
  },
};

function ground(view, part, cells, robot) {
  const canvas = document.querySelector(`#${view} canvas`);
  canvas.style.aspectRatio = `${part.height} / ${part.width}`; // x points up
  drawGround(canvas, part, cells, robot);
}

/** A status: its level as a color, its message, and its values when it is opened. */
function line(status, open) {
  const item = document.createElement("li"), details = document.createElement("details");
  item.className = LEVELS[status.level] ?? "stale";
  details.dataset.name = status.name;
  details.open = open;
  const summary = details.appendChild(document.createElement("summary"));
  summary.textContent = `${status.name}: ${item.className.toUpperCase()} ${status.message}`;
  const table = details.appendChild(document.createElement("table"));
  for (const pair of status.values) {
    const row = table.insertRow();
    for (const text of pair) row.insertCell().textContent = text;
  }
  item.append(details);
  return item;
}

function showState(state) {
  document.title = $("node").textContent = state.node;
  say(state.problem);
  for (const view of Object.keys(TITLES)) mark(view, state.ages[view]);
  if (damaged) note("overlay", "the image cannot be decoded");
  const age = state.ages.diagnostics;
  date(age > STALE ? `no diagnostics for ${Math.floor(age)} s; the last:` : "");
  const now = performance.now();
  frames = frames.filter(then => then > now - 3000);
  $("rate").textContent = `${(frames.length / 3).toFixed(1)} images per second`;
  listCameras(state);
}

/** Say how old a view is, where it is old; age is undefined where it is not subscribed to. */
function mark(view, age) {
  const old = !(age <= STALE);
  const since = age === undefined ? "" : ` for ${Math.floor(age)} s`;
  note(view, old ? `no ${TITLES[view]}${came.has(view) || age === undefined ? since : " yet"}` : "");
}

function markAll(text) {
  for (const view of Object.keys(TITLES)) note(view, text);
  date(`${text}; the last diagnostics:`);
}

/** Write before the diagnostics, where these are old. */
function date(text) {
  if (text === "" || !came.has("diagnostics")) delete $("diagnostics").dataset.old;
  else $("diagnostics").dataset.old = text;
}

function note(view, text) {
  document.querySelector(`#${view} small`).textContent = text;
  $(view).classList.toggle("stale", text !== "");
}

function say(text) {
  if ($("problem").textContent !== text) $("problem").textContent = text;
}

function listCameras(state) {
  const select = $("camera");
  $("choice").hidden = state.cameras.length < 2;
  const names = JSON.stringify(state.cameras);
  if (select.dataset.names !== names) {
    select.dataset.names = names;
    select.replaceChildren(...state.cameras.map(name => new Option(name)));
  }
  if (document.activeElement !== select) select.value = state.camera; // else it is being chosen
}

$("camera").onchange = () => { location.search = `?camera=${encodeURIComponent($("camera").value)}`; };
// A page that nobody sees costs the robot nothing.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) stream?.close();
  else if (stream === null) connect();
});
connect();
