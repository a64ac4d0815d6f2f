/**
 * jupyter_dashboards version 1 in the metadata of a notebook and its cells; pure.
 *
 * Read as the dashboard server reads it (`dashops/services/dashboard/layout.py`). Written with
 * nothing else touched: other views, other extensions and keys nobody knows stay as they are.
 */

import { Json, JsonObject } from './notebook';

export type Kind = 'grid' | 'report';

/** Rows and margins in pixels. */
export type View = {
  kind: Kind;
  columns: number;
  rowHeight: number;
  margin: number;
};

/** Where a cell is asked to be, in columns and rows; what is not said is undefined. */
export type Asked = {
  hidden: boolean;
  col?: number;
  row?: number;
  width: number;
  height: number;
};

const NAME = 'jupyter_dashboards';
const NAMES = { grid: 'grid_default', report: 'report_default' };
const NEW = {
  grid: { name: 'grid', type: 'grid', maxColumns: 12, defaultCellHeight: 20, cellMargin: 10 },
  report: { name: 'report', type: 'report' }
};

/** The name of the view that is shown. */
export function active(notebook: JsonObject): string {
  const name = extension(notebook).activeView;
  return typeof name === 'string' ? name : NAMES.grid;
}

/** The view that is shown; a notebook without any is a report. */
export function view(notebook: JsonObject): View {
  const found = viewOf(notebook, active(notebook));
  return {
    kind: found.type === 'grid' ? 'grid' : 'report',
    columns: whole(found.maxColumns, 12, 1),
    rowHeight: whole(found.defaultCellHeight, 20, 1),
    margin: whole(found.cellMargin, 10, 0)
  };
}

export function asked(cell: JsonObject, name: string, columns: number): Asked {
  const found = viewOf(cell, name);
  return {
    hidden: found.hidden === true,
    col: start(found.col),
    row: start(found.row),
    width: Math.min(whole(found.width, columns, 1), columns),
    height: whole(found.height, 4, 1)
  };
}

/** Whether some view hides a cell: then a new one does so, too, to begin with. */
export function hidden(cell: JsonObject): boolean {
  const views = object(extension(cell).views);
  return Object.keys(views).some(name => object(views[name]).hidden === true);
}

/** The notebook's `extensions` with a view of this kind shown, which is made if there is none. */
export function shown(notebook: JsonObject, kind: Kind): JsonObject {
  const views = object(extension(notebook).views);
  const name = Object.keys(views).find(each => object(views[each]).type === kind);
  const change = name ? {} : { [NAMES[kind]]: NEW[kind] };
  return extended(notebook, { activeView: name ?? NAMES[kind], views: { ...views, ...change } });
}

/** A cell's `extensions` with this changed in one of its views. */
export function placed(cell: JsonObject, name: string, change: JsonObject): JsonObject {
  const views = object(extension(cell).views);
  return extended(cell, { views: { ...views, [name]: { ...object(views[name]), ...change } } });
}

function extended(metadata: JsonObject, change: JsonObject): JsonObject {
  const known = extension(metadata);
  return {
    ...object(metadata.extensions),
    [NAME]: { ...('version' in known ? {} : { version: 1 }), ...known, ...change }
  };
}

function extension(metadata: JsonObject): JsonObject {
  return object(object(metadata.extensions)[NAME]);
}

function viewOf(metadata: JsonObject, name: string): JsonObject {
  return object(object(extension(metadata).views)[name]);
}

function object(value: Json | undefined): JsonObject {
  const is = typeof value === 'object' && value !== null && !Array.isArray(value);
  return is ? (value as JsonObject) : {};
}

function whole(value: Json | undefined, otherwise: number, least: number): number {
  return typeof value === 'number' && isFinite(value)
    ? Math.max(Math.trunc(value), least)
    : otherwise;
}

function start(value: Json | undefined): number | undefined {
  return typeof value === 'number' && isFinite(value) && value >= 0
    ? Math.trunc(value)
    : undefined;
}
