/** The report: what is shown, from top to bottom, in the order of the notebook. */

import { Widget } from '@lumino/widgets';

import { Place } from './layout';
import { Tile, named, put } from './tile';

export class Report extends Widget {
  constructor() {
    super();
    this.addClass('dashops-report');
  }

  lay(places: Place[], tiles: Map<string, Tile>): void {
    const items = places.map(place => {
      const tile = tiles.get(place.cell.id)!;
      const item = tile.isAttached && tile.node.parentElement;
      const own = item && item.parentElement === this.node ? item : document.createElement('div');
      own.className = 'dashops-report-item';
      own.tabIndex = 0;
      own.dataset.cell = place.cell.id;
      own.setAttribute('role', 'group');
      own.setAttribute('aria-label', named(place));
      return [own, tile] as const;
    });
    [...this.node.children].forEach(each => {
      if (!items.some(([own]) => own === each)) {
        each.remove();
      }
    });
    items.forEach(([own, tile], at) => {
      if (this.node.children[at] !== own) {
        this.node.insertBefore(own, this.node.children[at] ?? null);
      }
      if (tile.node.parentElement !== own) {
        put(tile, own);
      }
    });
  }
}
