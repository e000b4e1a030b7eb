// The focal point of a picture: dragged, or moved by the arrow keys.
for (const area of document.querySelectorAll("[data-focal-point]")) {
  const point = area.querySelector("button");
  const field = area.querySelector("input");
  const moves = { ArrowLeft: [-0.01, 0], ArrowRight: [0.01, 0], ArrowUp: [0, -0.01], ArrowDown: [0, 0.01] };
  const within = (value) => Math.min(1, Math.max(0, Math.round(value * 1000) / 1000));
  const set = (x, y) => {
    field.value = `${within(x)},${within(y)}`;
    point.style.left = `${100 * within(x)}%`;
    point.style.top = `${100 * within(y)}%`;
  };
  const move = (event) => {
    if (!(event.buttons & 1)) return;
    const box = area.querySelector("img").getBoundingClientRect();
    set((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  area.addEventListener("pointerdown", (event) => { area.setPointerCapture(event.pointerId); move(event); });
  area.addEventListener("pointermove", move);
  point.addEventListener("keydown", (event) => {
    if (!(event.key in moves)) return;
    event.preventDefault();
    const [x, y] = field.value.split(",").map(Number);
    set(x + moves[event.key][0], y + moves[event.key][1]);
  });
}
