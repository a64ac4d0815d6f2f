/** The cells of a notebook that are spoken of: shown, or marked as the one that failed. */

import { DocumentRegistry } from '@jupyterlab/docregistry';
import { INotebookModel, INotebookTracker, NotebookActions } from '@jupyterlab/notebook';

const FAILED = 'dashops-mod-failed';

/** The ids of all cells: numbers are those of the moment, and cells move. */
export function ids(context: DocumentRegistry.Context): string[] {
  const model = context.model as INotebookModel;
  return Array.from(model.cells, cell => cell.id);
}

/** Make it the active cell and scroll to it, wherever the notebook is open. */
export function show(tracker: INotebookTracker, path: string, id: string): void {
  for (const { notebook, index } of places(tracker, path, id)) {
    notebook.activeCellIndex = index;
    void notebook.scrollToItem(index, 'smart');
  }
}

/** Mark it, and no other. */
export function mark(tracker: INotebookTracker, path: string, id: string): void {
  unmark(tracker, path);
  for (const { notebook, index } of places(tracker, path, id)) {
    notebook.widgets[index].addClass(FAILED);
  }
}

export function unmark(tracker: INotebookTracker, path: string): void {
  tracker.forEach(panel => {
    if (panel.context.path === path) {
      panel.content.widgets.forEach(cell => cell.removeClass(FAILED));
    }
  });
}

/** Whoever runs a cell again wants to know how it ends now. */
export function unmarkWhatRuns(): void {
  NotebookActions.executionScheduled.connect((_, { cell }) => cell.removeClass(FAILED));
}

function* places(tracker: INotebookTracker, path: string, id: string) {
  const found = tracker.filter(panel => panel.context.path === path);
  for (const { content: notebook } of found) {
    const index = notebook.widgets.findIndex(cell => cell.model.id === id);
    if (index >= 0) {
      yield { notebook, index };
    }
  }
}
