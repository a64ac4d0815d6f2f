/** Where tiles are when their metadata does not say, and a neat order for all of them; pure. */

import { Asked } from './metadata';

/** In columns and rows. */
export type Rect = { x: number; y: number; w: number; h: number };

/** A tile to arrange: its height in rows, and whether it wants all columns. */
export type Measured = { id: string; rows: number; wide: boolean };

/**
 * Places for all, as the grid of a browser finds them for the deployed page.
 *
 * That is "auto-placement" of CSS Grid, sparse, in rows: what says row and column comes first,
 * then what says a row, then the others in their order, never before the one before.
 */
export function flow(tiles: Asked[], columns: number): Rect[] {
  const placed = new Map<Asked, Rect>();
  const rect = (tile: Asked, x: number, y: number) => ({ x, y, w: tile.width, h: tile.height });
  const free = (found: Rect) =>
    found.x + found.w <= columns && ![...placed.values()].some(each => overlap(each, found));

  for (const tile of tiles) {
    if (tile.col !== undefined && tile.row !== undefined) {
      placed.set(tile, rect(tile, Math.min(tile.col, columns - tile.width), tile.row));
    }
  }
  const next = new Map<number, number>(); // the column to go on from in each row
  for (const tile of tiles) {
    if (tile.col === undefined && tile.row !== undefined) {
      let x = next.get(tile.row) ?? 0;
      while (!free(rect(tile, x, tile.row)) && x + tile.width <= columns) {
        x++;
      }
      x = Math.min(x, columns - tile.width);
      placed.set(tile, rect(tile, x, tile.row));
      next.set(tile.row, x + tile.width);
    }
  }
  let [x, y] = [0, 0];
  for (const tile of tiles) {
    if (tile.row !== undefined) {
      continue;
    }
    if (tile.col !== undefined) {
      const col = Math.min(tile.col, columns - tile.width);
      y += col < x ? 1 : 0;
      x = col;
      while (!free(rect(tile, x, y))) {
        y++;
      }
    } else {
      while (!free(rect(tile, x, y))) {
        x++;
        if (x + tile.width > columns) {
          [x, y] = [0, y + 1];
        }
      }
    }
    placed.set(tile, rect(tile, x, y));
  }
  return tiles.map(tile => placed.get(tile)!);
}

/** All tiles in their order: wide ones across, of the others two beside each other. */
export function arrange(tiles: Measured[], columns: number): Map<string, Rect> {
  const found = new Map<string, Rect>();
  const half = Math.floor(columns / 2);
  let y = 0;
  for (let at = 0; at < tiles.length; at++) {
    const [first, second] = [tiles[at], tiles[at + 1]];
    if (first.wide || !second || second.wide || half < 1) {
      found.set(first.id, { x: 0, y, w: columns, h: first.rows });
      y += first.rows;
      continue;
    }
    const h = Math.max(first.rows, second.rows);
    found.set(first.id, { x: 0, y, w: half, h });
    found.set(second.id, { x: half, y, w: columns - half, h });
    y += h;
    at++;
  }
  return found;
}

export function same(one: Rect, other: Rect): boolean {
  return one.x === other.x && one.y === other.y && one.w === other.w && one.h === other.h;
}

function overlap(one: Rect, other: Rect): boolean {
  return (
    one.x < other.x + other.w &&
    other.x < one.x + one.w &&
    one.y < other.y + other.h &&
    other.y < one.y + one.h
  );
}
