/** The layout of one notebook, two ways: what its metadata says, and what an author changes. */

import { Signal } from '@lumino/signaling';

import * as metadata from './metadata';
import { CellModel, NotebookModel } from './notebook';
import * as placing from './placing';

/** A cell and where it is; `rect` only in a grid, and only of one that is not hidden. */
export type Place = { cell: CellModel; number: number; hidden: boolean; rect?: placing.Rect };

const UNKNOWN = 8; // rows of a tile whose code did not run yet

export class Layout {
  /** Says, at most once a frame, that something is another way than before. */
  readonly changed = new Signal<this, void>(this);
  private frame = 0;
  private heard = new Set<CellModel>();

  constructor(private readonly model: NotebookModel) {
    model.metadataChanged.connect(this.touch, this);
    model.cells.changed.connect(this.touch, this);
    this.listen();
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    Signal.clearData(this);
  }

  get readOnly(): boolean {
    return this.model.readOnly;
  }

  get view(): metadata.View {
    return metadata.view(this.model.metadata);
  }

  /** All cells, in the order of the notebook. */
  get places(): Place[] {
    const { columns, kind } = this.view;
    const name = metadata.active(this.model.metadata);
    const found = [...this.model.cells].map((cell, at) => ({
      cell,
      number: at + 1,
      asked: metadata.asked(cell.metadata, name, columns)
    }));
    const seen = found.filter(each => !each.asked.hidden);
    const rects =
      kind === 'grid'
        ? placing.flow(
            seen.map(each => each.asked),
            columns
          )
        : [];
    return found.map(({ cell, number, asked }) => ({
      cell,
      number,
      hidden: asked.hidden,
      rect: rects[seen.findIndex(each => each.cell === cell)]
    }));
  }

  /**
   * Give tiles of the grid other places.
   *
   * Those whose place was found and not said get the one they have: they must not jump.
   */
  move(rects: ReadonlyMap<string, placing.Rect>): void {
    const { columns } = this.view;
    const name = metadata.active(this.model.metadata);
    this.change(() => {
      for (const { cell, rect } of this.places) {
        const wanted = rects.get(cell.id);
        const said = metadata.asked(cell.metadata, name, columns);
        if (wanted) {
          this.write(cell, { col: wanted.x, row: wanted.y, width: wanted.w, height: wanted.h });
        } else if (rect && (said.col === undefined || said.row === undefined)) {
          this.write(cell, { col: rect.x, row: rect.y });
        }
      }
    });
  }

  hide(cell: CellModel, hidden: boolean): void {
    this.change(() => this.write(cell, { hidden }));
  }

  /** Show it as a grid or as a report; `start` arranges a grid that never was one. */
  show(kind: metadata.Kind, start: () => void): void {
    if (this.view.kind === kind) {
      return;
    }
    this.model.setMetadata('extensions', metadata.shown(this.model.metadata, kind));
    const name = metadata.active(this.model.metadata);
    if (kind === 'grid' && [...this.model.cells].every(each => unplaced(each, name))) {
      start();
    }
  }

  /** A neat order for all that is shown, or would be if it were hidden nowhere else. */
  arrange(measure: (cell: CellModel) => number): void {
    const { columns, rowHeight, margin } = this.view;
    const places = this.places.filter(each => !each.hidden);
    const empty = places.filter(({ cell }) => hasNothing(cell) || metadata.hidden(cell.metadata));
    const tiles = places.filter(each => !empty.includes(each));
    const measured = tiles.map(({ cell }) => ({
      id: cell.id,
      rows: isEmpty(cell)
        ? UNKNOWN
        : Math.max(2, Math.ceil((measure(cell) + margin) / (rowHeight + margin))),
      wide: cell.type !== 'code'
    }));
    const rects = placing.arrange(measured, columns);
    this.change(() => {
      empty.forEach(({ cell }) => this.write(cell, { hidden: true }));
      for (const { cell } of tiles) {
        const { x, y, w, h } = rects.get(cell.id)!;
        this.write(cell, { hidden: false, col: x, row: y, width: w, height: h });
      }
    });
  }

  undo(): void {
    this.model.sharedModel.undo();
  }

  redo(): void {
    this.model.sharedModel.redo();
  }

  /** One step for whoever undoes it: Yjs takes the outermost transaction's origin. */
  private change(write: () => void): void {
    if (!this.readOnly) {
      const { sharedModel } = this.model;
      sharedModel.undoManager?.stopCapturing(); // else quick steps are one
      sharedModel.transact(write);
    }
  }

  private write(cell: CellModel, change: Record<string, number | boolean>): void {
    const name = metadata.active(this.model.metadata);
    cell.setMetadata('extensions', metadata.placed(cell.metadata, name, change));
  }

  private touch(): void {
    this.listen();
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.changed.emit();
    });
  }

  private listen(): void {
    const cells = new Set(this.model.cells);
    for (const cell of cells) {
      if (!this.heard.has(cell)) {
        cell.metadataChanged.connect(this.touch, this);
        cell.contentChanged.connect(this.touch, this);
      }
    }
    this.heard = cells;
  }
}

/** Whether a cell shows nothing: code without output. */
export function isEmpty(cell: CellModel): boolean {
  return cell.type === 'code' ? !cell.outputs?.length : !cell.sharedModel.getSource().trim();
}

/** Whether it will show nothing either: code that ran, or an empty text. */
function hasNothing(cell: CellModel): boolean {
  return isEmpty(cell) && (cell.type !== 'code' || Boolean(cell.executionCount));
}

function unplaced(cell: CellModel, name: string): boolean {
  const asked = metadata.asked(cell.metadata, name, 12);
  return asked.col === undefined && asked.row === undefined && !asked.hidden;
}
