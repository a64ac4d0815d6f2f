/** The grid: tiles to drag and resize with the pointer or the keys. It writes no metadata. */

import { GridStack, GridStackNode } from 'gridstack';
import { Widget } from '@lumino/widgets';

import { Layout, Place } from './layout';
import { Rect, same } from './placing';
import { Tile, named, put } from './tile';

const STEPS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1]
};

export class Grid extends Widget {
  private grid: GridStack | undefined;
  private readonly items = new Map<Tile, HTMLElement>();
  private rects = new Map<string, Rect>();
  private busy = false; // its own changes are nobody's wish

  constructor(
    private readonly layout_: Layout,
    private readonly say: (text: string) => void
  ) {
    super();
    this.addClass('dashops-grid');
  }

  dispose(): void {
    this.grid?.destroy(false);
    super.dispose();
  }

  /** Whether tiles can be moved. */
  set editable(can: boolean) {
    this.grid?.setStatic(!can || this.layout_.readOnly);
    for (const item of this.items.values()) {
      item.tabIndex = can ? 0 : -1;
    }
  }

  /** Show these tiles where they belong. */
  lay(places: Place[], tiles: Map<string, Tile>): void {
    const { columns, rowHeight, margin } = this.layout_.view;
    const half = `${margin / 2}px`;
    this.grid ??= this.made();
    this.quietly(grid => {
      if (grid.getColumn() !== columns) {
        grid.column(columns, 'none');
      }
      grid.cellHeight(rowHeight + margin);
      grid.margin(half);
      grid.batchUpdate();
      const shown = new Set(places.map(({ cell }) => tiles.get(cell.id)!));
      [...this.items.keys()].filter(each => !shown.has(each)).forEach(each => this.drop(each));
      for (const place of places) {
        const rect = place.rect!;
        const tile = tiles.get(place.cell.id)!;
        const item = this.items.get(tile);
        if (!item) {
          this.add(place, tile);
        } else if (!at(item, rect)) {
          grid.update(item, rect);
        }
        this.describe(place, this.items.get(tile)!);
      }
      grid.batchUpdate(false);
    });
    this.rects = new Map(places.map(({ cell, rect }) => [cell.id, rect!]));
  }

  private made(): GridStack {
    const grid = GridStack.init(
      { column: this.layout_.view.columns, mode: 'float', animate: false, resizable: { handles: 'e,se,s' } },
      this.node
    )!;
    grid.on('change', (_: Event, nodes: GridStackNode[]) => this.moved(nodes));
    // Who dragged a tile goes on with the keys there; gridstack keeps the focus away from it.
    const focus = (_: Event, item: HTMLElement) => item.focus({ preventScroll: true });
    grid.on('dragstop', focus).on('resizestop', focus);
    return grid;
  }

  private add({ cell, rect }: Place, tile: Tile): void {
    const item = document.createElement('div');
    item.className = 'grid-stack-item';
    item.tabIndex = 0;
    item.setAttribute('role', 'group');
    item.dataset.cell = cell.id;
    const content = document.createElement('div');
    content.className = 'grid-stack-item-content';
    item.append(content);
    this.node.append(item);
    this.items.set(tile, item);
    this.grid!.makeWidget(item, { ...rect, id: cell.id });
    put(tile, content);
    item.addEventListener('keydown', event => this.key(event, item, tile));
  }

  private drop(tile: Tile): void {
    const item = this.items.get(tile)!;
    this.items.delete(tile);
    if (tile.isAttached && item.contains(tile.node)) {
      Widget.detach(tile);
    }
    this.grid!.removeWidget(item, true, false);
  }

  private moved(nodes: GridStackNode[]): void {
    if (this.busy) {
      return;
    }
    const changed = new Map<string, Rect>();
    for (const { id, x = 0, y = 0, w = 1, h = 1 } of nodes) {
      const before = this.rects.get(id!);
      if (before && !same(before, { x, y, w, h })) {
        changed.set(id!, { x, y, w, h });
      }
    }
    if (changed.size) {
      this.layout_.move(changed);
    }
  }

  /** Arrows move the tile that has the focus, with Shift they resize it. */
  private key(event: KeyboardEvent, item: HTMLElement, tile: Tile): void {
    const step = STEPS[event.key];
    if (event.target !== item || event.ctrlKey || event.metaKey || event.altKey || !step) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const rect = this.rects.get(tile.cell.id)!;
    const { columns } = this.layout_.view;
    const [dx, dy] = step;
    const [w, h] = event.shiftKey ? [rect.w + dx, rect.h + dy] : [rect.w, rect.h];
    const [x, y] = event.shiftKey ? [rect.x, rect.y] : [rect.x + dx, rect.y + dy];
    if (x < 0 || y < 0 || w < 1 || h < 1 || x + w > columns) {
      this.say('no further this way');
      return;
    }
    this.grid!.update(item, { x, y, w, h });
    this.say(where({ x, y, w, h }));
  }

  private describe(place: Place, item: HTMLElement): void {
    item.setAttribute('aria-label', `${named(place)}, ${where(place.rect!)}`);
  }

  private quietly(act: (grid: GridStack) => void): void {
    this.busy = true;
    try {
      act(this.grid!);
    } finally {
      this.busy = false;
    }
  }
}

function at(item: HTMLElement, rect: Rect): boolean {
  const { x = 0, y = 0, w = 1, h = 1 } = (item as { gridstackNode?: GridStackNode }).gridstackNode ?? {};
  return same(rect, { x, y, w, h });
}

function where({ x, y, w, h }: Rect): string {
  return `column ${x + 1}, row ${y + 1}, ${w} wide, ${h} high`;
}
