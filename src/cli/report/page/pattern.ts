const made = new Map<string, CanvasPattern>();

/** Diagonal lines: what is damaged, missing or not known looks like nothing else, in any colour. */
export function hatch(pen: CanvasRenderingContext2D, color: string): CanvasPattern | string {
  const known = made.get(color);
  if (known !== undefined) return known;
  const tile = document.createElement('canvas');
  tile.width = 8;
  tile.height = 8;
  const inner = tile.getContext('2d');
  if (inner === null) return color;
  inner.strokeStyle = color;
  inner.lineWidth = 2;
  for (const shift of [-8, 0, 8]) {
    inner.beginPath();
    inner.moveTo(shift, 8);
    inner.lineTo(shift + 8, 0);
    inner.stroke();
  }
  const pattern = pen.createPattern(tile, 'repeat');
  if (pattern === null) return color;
  made.set(color, pattern);
  return pattern;
}
