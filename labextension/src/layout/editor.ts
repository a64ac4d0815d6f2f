/** The dashboard view of a notebook: its tiles in a grid or a report, and what is hidden. */

import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { Grid } from './grid';
import { Layout, Place, isEmpty } from './layout';
import { CellModel, NotebookPanel } from './notebook';
import { Report } from './report';
import { Tile, named } from './tile';

export class Editor extends Widget {
  readonly layout_: Layout;
  private readonly tiles = new Map<string, Tile>();
  private readonly page = document.createElement('div');
  private readonly shelf = document.createElement('div');
  private readonly spoken = document.createElement('div');
  private grid: Grid | undefined;
  private report: Report | undefined;
  private isPreview = false;

  constructor(readonly panel: NotebookPanel) {
    super();
    this.addClass('dashops-editor');
    this.node.tabIndex = -1;
    this.page.className = 'dashops-page';
    this.shelf.className = 'dashops-shelf';
    this.spoken.className = 'dashops-spoken';
    this.spoken.setAttribute('role', 'status');
    this.node.append(this.page, this.shelf, this.spoken);
    this.layout_ = new Layout(panel.context.model);
    this.layout_.changed.connect(this.refresh, this);
    panel.content.activeCellChanged.connect(this.highlight, this);
    panel.disposed.connect(this.dispose, this);
    this.page.addEventListener('focusin', event => this.select(event.target as HTMLElement));
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.clear();
      this.layout_.dispose();
      this.panel.content.activeCellChanged.disconnect(this.highlight, this);
      this.panel.disposed.disconnect(this.dispose, this);
      super.dispose();
    }
  }

  /** Its page as viewers see it, with widgets that answer; or with tiles that can be moved. */
  get preview(): boolean {
    return this.isPreview;
  }

  set preview(on: boolean) {
    this.isPreview = on;
    this.toggleClass('dashops-mod-preview', on);
    this.refresh();
  }

  arrange(): void {
    this.layout_.arrange(cell => this.tiles.get(cell.id)?.wanted ?? 0);
  }

  show_(kind: 'grid' | 'report'): void {
    this.layout_.show(kind, () => this.arrange());
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.refresh();
  }

  protected onBeforeDetach(message: Message): void {
    this.clear();
    super.onBeforeDetach(message);
  }

  private refresh(): void {
    if (!this.isAttached) {
      return;
    }
    const places = this.layout_.places;
    const shown = places.filter(each => !each.hidden);
    const { kind, margin } = this.layout_.view;
    for (const place of places) {
      const tile = this.tiles.get(place.cell.id);
      if (tile && tile.cell !== place.cell) {
        this.drop(place.cell.id); // the cell was removed, and another came with its id
      }
      if (!this.tiles.has(place.cell.id)) {
        this.tiles.set(place.cell.id, this.tile(place.cell));
      }
      this.tiles.get(place.cell.id)!.update_(place);
    }
    this.view(kind).lay(kind === 'grid' ? shown : shown.filter(each => !isEmpty(each.cell)), this.tiles);
    if (this.grid) {
      this.grid.editable = !this.isPreview;
    }
    this.page.style.padding = kind === 'grid' ? `${margin / 2}px` : '';
    const gone = [...this.tiles.keys()].filter(id => !places.some(({ cell }) => cell.id === id));
    gone.forEach(id => this.drop(id));
    this.fill(places.filter(each => each.hidden));
    this.highlight();
  }

  private view(kind: 'grid' | 'report'): Grid | Report {
    const [wanted, other] = kind === 'grid' ? [this.grid, this.report] : [this.report, this.grid];
    if (wanted) {
      return wanted;
    }
    if (other) {
      this.detach();
      other.dispose();
    }
    this.grid = kind === 'grid' ? new Grid(this.layout_, text => this.say(text)) : undefined;
    this.report = kind === 'report' ? new Report() : undefined;
    const made = (this.grid ?? this.report)!;
    Widget.attach(made, this.page);
    return made;
  }

  private tile(cell: CellModel): Tile {
    return new Tile(cell, this.panel.content.rendermime, {
      hide: () => this.mark(cell, true),
      find: () => this.find(cell)
    });
  }

  private mark(cell: CellModel, hidden: boolean): void {
    this.layout_.hide(cell, hidden);
    this.node.focus({ preventScroll: true }); // what had the focus goes
    this.say(hidden ? 'hidden' : 'shown');
  }

  private find(cell: CellModel): void {
    const at = [...this.panel.context.model.cells].indexOf(cell);
    this.panel.content.activeCellIndex = at;
    void this.panel.content.scrollToItem(at);
  }

  /** What is hidden can be shown again. */
  private fill(hidden: Place[]): void {
    this.shelf.hidden = !hidden.length;
    const title = document.createElement('h3');
    title.textContent = `Hidden (${hidden.length})`;
    const buttons = hidden.map(place => {
      const made = document.createElement('button');
      made.className = 'jp-Button jp-mod-styled';
      made.textContent = named(place);
      made.title = 'Show it on the dashboard';
      made.dataset.cell = place.cell.id;
      made.addEventListener('click', () => this.mark(place.cell, false));
      return made;
    });
    this.shelf.replaceChildren(title, ...buttons);
  }

  private select(target: HTMLElement): void {
    const id = target.closest<HTMLElement>('[data-cell]')?.dataset.cell;
    const at = [...this.panel.context.model.cells].findIndex(cell => cell.id === id);
    if (at >= 0 && !this.isPreview) {
      this.panel.content.activeCellIndex = at;
    }
  }

  private highlight(): void {
    const { activeCellIndex } = this.panel.content;
    const active = [...this.panel.context.model.cells][activeCellIndex]?.id;
    for (const item of this.page.querySelectorAll<HTMLElement>('[data-cell]')) {
      item.classList.toggle('dashops-mod-active', item.dataset.cell === active);
    }
  }

  /** Keys of this view, its toolbar's too. */
  key(event: KeyboardEvent): void {
    const id = (event.target as HTMLElement).dataset.cell;
    const tile = id && this.page.contains(event.target as Node) ? this.tiles.get(id) : undefined;
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === 'z') {
      event.shiftKey ? this.layout_.redo() : this.layout_.undo();
    } else if (command && event.key.toLowerCase() === 's') {
      void this.panel.context.save();
    } else if (tile && event.key === 'Enter') {
      this.find(tile.cell);
    } else if (tile && !this.isPreview && (event.key === 'Delete' || event.key === 'Backspace')) {
      this.mark(tile.cell, true);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private say(text: string): void {
    this.spoken.textContent = text;
  }

  private drop(id: string): void {
    const tile = this.tiles.get(id)!;
    this.tiles.delete(id);
    if (tile.isAttached) {
      Widget.detach(tile);
    }
    tile.dispose();
  }

  private detach(): void {
    for (const tile of this.tiles.values()) {
      if (tile.isAttached) {
        Widget.detach(tile);
      }
    }
  }

  private clear(): void {
    [...this.tiles.keys()].forEach(id => this.drop(id));
    this.grid?.dispose();
    this.report?.dispose();
    this.grid = this.report = undefined;
  }
}
