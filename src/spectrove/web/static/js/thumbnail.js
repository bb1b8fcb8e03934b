// @ts-check
/** Small pictures of what the network sees. */

/**
 * Draw a spectrum as a line.
 * @param {HTMLCanvasElement} canvas its size in CSS pixels is that of its attributes
 * @param {number[]} values 0 to 255, -1 where a value is missing
 */
export function drawThumbnail(canvas, values) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [Number(canvas.dataset.width ?? canvas.width), Number(canvas.dataset.height ?? canvas.height)];
  canvas.dataset.width = String(width);
  canvas.dataset.height = String(height);
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.scale(ratio, ratio);
  context.strokeStyle = getComputedStyle(canvas).color;
  context.lineWidth = 1.2;
  context.lineJoin = "round";
  context.beginPath();
  let isDown = false;
  values.forEach((value, place) => {
    if (value < 0) {
      isDown = false;
      return;
    }
    const x = 2 + (place / Math.max(1, values.length - 1)) * (width - 4);
    const y = height - 3 - (value / 255) * (height - 6);
    if (isDown) context.lineTo(x, y);
    else context.moveTo(x, y);
    isDown = true;
  });
  context.stroke();
}

/**
 * Return what a thumbnail shows in words: where it is highest.
 * @param {number[]} values
 * @returns {string}
 */
export function thumbnailSummary(values) {
  const seen = values.filter((value) => value >= 0);
  if (seen.length === 0) return "no data";
  const mean = seen.reduce((sum, value) => sum + value, 0) / seen.length;
  const peak = values.indexOf(Math.max(...seen));
  const shape = mean < 100 ? "a peak above a lower continuum" : "a high continuum";
  return `highest at point ${peak + 1} of ${values.length}, ${shape}`;
}
