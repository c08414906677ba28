// Grids of the ground from above: x, forward, points up, and y, to the left, points left.

export const FREE = [79, 174, 90], OCCUPIED = [214, 75, 63], UNKNOWN = [107, 112, 119];
const LOW = [201, 207, 74], HIGH = [224, 138, 44]; // costs 1 to 99
const MARGIN = 8; // in the unit of the style sheet, as all that follows

/** Pixels of a canvas in a pixel of the style sheet. */
export const ratio = () => window.devicePixelRatio || 1;

/** The color of a cell: -1 is unknown, 0 free, 1 to 99 a cost, 100 occupied. */
export function color(cell) {
  if (cell < 0 || cell > 100) return UNKNOWN;
  if (cell === 0) return FREE;
  if (cell === 100) return OCCUPIED;
  return LOW.map((low, i) => Math.round(low + (HIGH[i] - low) * (cell - 1) / 98));
}

/** Draw a grid with its robot: {x, y, yaw} in the frame of the grid; yaw may be null. */
export function drawGround(canvas, grid, cells, robot) {
  const context = fit(canvas);
  const box = bounds(grid, robot);
  const scale = Math.min(
    (canvas.width - 2 * MARGIN * ratio()) / (box.left - box.right),
    (canvas.height - 2 * MARGIN * ratio()) / (box.top - box.bottom));
  const x0 = canvas.width / 2 + scale * (box.left + box.right) / 2;
  const y0 = canvas.height / 2 + scale * (box.top + box.bottom) / 2;
  context.setTransform(0, -scale, -scale, 0, x0, y0); // meters to pixels
  context.save();
  context.translate(grid.x, grid.y);
  context.rotate(grid.yaw);
  context.scale(grid.resolution, grid.resolution);
  context.imageSmoothingEnabled = false;
  context.drawImage(picture(grid, cells), 0, 0);
  context.restore();
  drawMeters(context, box, scale);
  drawRobot(context, robot, scale);
  context.setTransform(1, 0, 0, 1, 0, 0);
}

/** One pixel for each cell. */
function picture(grid, cells) {
  const canvas = new OffscreenCanvas(grid.width, grid.height);
  const context = canvas.getContext("2d");
  const image = context.createImageData(grid.width, grid.height);
  const colors = Array.from({length: 256}, (_, i) => color(i < 128 ? i : i - 256));
  for (let i = 0; i < cells.length; i++) {
    const [r, g, b] = colors[cells[i]];
    image.data.set([r, g, b, 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** The extent of grid and robot in meters: x from bottom to top, y from right to left. */
function bounds(grid, robot) {
  const c = Math.cos(grid.yaw), s = Math.sin(grid.yaw);
  const width = grid.width * grid.resolution, height = grid.height * grid.resolution;
  const corners = [[0, 0], [width, 0], [0, height], [width, height]];
  const xs = corners.map(([u, v]) => grid.x + c * u - s * v).concat(robot.x);
  const ys = corners.map(([u, v]) => grid.y + s * u + c * v).concat(robot.y);
  return {bottom: Math.min(...xs), top: Math.max(...xs), right: Math.min(...ys), left: Math.max(...ys)};
}

/** A line for each meter, a stronger one for each five; only the latter where they get too dense. */
function drawMeters(context, box, scale) {
  const step = [1, 5, 10, 50, 100].find(meters => meters * scale >= 6 * ratio()) ?? 1000;
  context.lineWidth = ratio() / scale;
  const line = (at, named, ...ends) => {
    context.strokeStyle = at % (5 * step) === 0 ? "#0009" : "#0003";
    context.beginPath();
    context.moveTo(...ends[0]);
    context.lineTo(...ends[1]);
    context.stroke();
    if (named && at % (5 * step) === 0) label(context, `${at} m`, ends[0]);
  };
  for (let x = step * Math.ceil(box.bottom / step); x <= box.top; x += step)
    line(x, true, [x, box.right], [x, box.left]);
  for (let y = step * Math.ceil(box.right / step); y <= box.left; y += step)
    line(y, y > box.right + 2 * step, [box.bottom, y], [box.top, y]);
}

/** Write beside the end of a line, upright. */
function label(context, text, [x, y]) {
  const {e: left, f: top} = context.getTransform().translate(x, y);
  context.save();
  context.setTransform(ratio(), 0, 0, ratio(), left, top);
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = "#fff";
  context.textAlign = left > context.canvas.width / 2 ? "right" : "left";
  context.fillText(text, context.textAlign === "right" ? -2 : 2, top < 14 * ratio() ? 12 : -3);
  context.restore();
}

/** A triangle that points forward, or a circle where the heading is not known. */
function drawRobot(context, robot, scale) {
  const size = Math.max(0.3, 8 * ratio() / scale); // meters
  context.save();
  context.translate(robot.x, robot.y);
  context.beginPath();
  if (robot.yaw === null) {
    context.arc(0, 0, size / 2, 0, 2 * Math.PI);
  } else {
    context.rotate(robot.yaw);
    context.moveTo(size, 0);
    context.lineTo(-size, size / 1.5);
    context.lineTo(-size, -size / 1.5);
    context.closePath();
  }
  context.fillStyle = "#fff";
  context.strokeStyle = "#000";
  context.lineWidth = 1.5 * ratio() / scale;
  context.fill();
  context.stroke();
  context.restore();
}

/** Match a canvas to its size on the screen, and clear it. */
export function fit(canvas) {
  canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio()));
  canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio()));
  return canvas.getContext("2d");
}
