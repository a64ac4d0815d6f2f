/**
 * What the dashboard view uses of JupyterLab's notebook, in its own terms: so little that what a
 * version of it changes elsewhere does not matter here.
 */

import { ISharedCell, ISharedNotebook } from '@jupyter/ydoc';
import { DocumentRegistry, IDocumentWidget } from '@jupyterlab/docregistry';
import { IOutputAreaModel } from '@jupyterlab/outputarea';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ReadonlyPartialJSONObject, ReadonlyPartialJSONValue } from '@lumino/coreutils';
import { ISignal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

export type Json = ReadonlyPartialJSONValue;
export type JsonObject = ReadonlyPartialJSONObject;

type HasMetadata = {
  readonly metadata: JsonObject;
  readonly metadataChanged: ISignal<unknown, unknown>;
  setMetadata(key: string, value: Json): void;
};

export type CellModel = HasMetadata & {
  readonly id: string;
  readonly type: 'code' | 'markdown' | 'raw';
  readonly trusted: boolean;
  readonly sharedModel: ISharedCell;
  readonly contentChanged: ISignal<unknown, unknown>;
  readonly outputs?: IOutputAreaModel;
  readonly executionCount?: number | null;
};

export type NotebookModel = HasMetadata &
  DocumentRegistry.IModel & {
    readonly sharedModel: ISharedNotebook & { undoManager?: { stopCapturing(): void } };
    readonly cells: Iterable<CellModel> & {
      readonly changed: ISignal<unknown, unknown>;
    };
  };

export type Notebook = Widget & {
  readonly model: NotebookModel | null;
  readonly rendermime: IRenderMimeRegistry;
  activeCellIndex: number;
  readonly activeCellChanged: ISignal<unknown, unknown>;
  scrollToItem(index: number): Promise<void>;
};

export type NotebookPanel = IDocumentWidget<Notebook, NotebookModel>;
