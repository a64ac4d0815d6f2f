/** Opens the dashboard view of a notebook: a button in its toolbar, a command, a menu's entry. */

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { ToolbarButton, ToolbarButtonComponent, redoIcon, undoIcon } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';

import { Editor } from './editor';
import { NotebookPanel } from './notebook';
import { dashboardIcon } from '../icon';

import '../../style/layout.css';

const OPEN = 'dashops:open-layout';

const opened = new Map<NotebookPanel, MainAreaWidget<Editor>>();

/** The notebook whose dashboard view this is. */
export function notebookOf(view: Widget | null): NotebookPanel | undefined {
  return [...opened].find(([, each]) => each === view)?.[0];
}

export const layout: JupyterFrontEndPlugin<void> = {
  id: '@dashops/notebook:layout',
  description: 'Lays out a notebook as a dashboard.',
  autoStart: true,
  requires: [IDocumentManager],
  optional: [IMainMenu, ICommandPalette],
  activate
};

function activate(
  app: JupyterFrontEnd,
  documents: IDocumentManager,
  bar: IMainMenu | null,
  palette: ICommandPalette | null
): void {
  const notebook = () => {
    const shown = app.shell.currentWidget;
    const context = shown && documents.contextForWidget(shown);
    const isOne = context?.contentsModel?.type === 'notebook';
    return isOne ? (shown as NotebookPanel) : notebookOf(shown);
  };
  const open = (panel: NotebookPanel) => {
    let view = opened.get(panel);
    if (!view) {
      const made = (view = made_(panel));
      opened.set(panel, made);
      made.disposed.connect(() => opened.delete(panel));
      panel.disposed.connect(() => made.dispose());
    }
    if (!view.isAttached) {
      beside(app, view, panel);
    }
    app.shell.activateById(view.id);
  };

  app.commands.addCommand(OPEN, {
    label: 'Dashboard Layout',
    caption: 'Lay out the notebook as a dashboard',
    icon: dashboardIcon,
    isEnabled: () => notebook() !== undefined,
    execute: () => {
      const panel = notebook();
      if (panel) {
        void panel.context.ready.then(() => open(panel));
      }
    }
  });
  bar?.viewMenu.addGroup([{ command: OPEN }], 20);
  palette?.addItem({ command: OPEN, category: 'Dashboard' });
  app.docRegistry.addWidgetExtension('Notebook', {
    createNew: shown => {
      const panel = shown as NotebookPanel;
      const button = new ToolbarButton({
        icon: dashboardIcon,
        tooltip: 'Dashboard Layout',
        onClick: () => void panel.context.ready.then(() => open(panel))
      });
      panel.toolbar.insertAfter('cellType', 'dashops-layout', button);
      return button;
    }
  });
}

function made_(panel: NotebookPanel): MainAreaWidget<Editor> {
  const editor = new Editor(panel);
  const view = new MainAreaWidget({ content: editor });
  view.id = `dashops-layout-${panel.id}`;
  view.title.icon = dashboardIcon;
  view.title.closable = true;
  view.node.addEventListener('keydown', event => editor.key(event));
  const name = () => {
    view.title.label = `Dashboard: ${panel.title.label}`;
    view.title.caption = `Dashboard of ${panel.context.path}`;
  };
  name();
  panel.title.changed.connect(name);
  view.disposed.connect(() => panel.title.changed.disconnect(name));

  const add = (id: string, options: ToolbarButtonComponent.IProps) => {
    const button = new ToolbarButton(options);
    view.toolbar.addItem(id, button);
    return button;
  };
  const grid = add('grid', {
    label: 'Grid',
    tooltip: 'Tiles that you place',
    onClick: () => editor.show_('grid')
  });
  const report = add('report', {
    label: 'Report',
    tooltip: 'One below the other, in the order of the notebook',
    onClick: () => editor.show_('report')
  });
  const arrange = add('arrange', {
    label: 'Arrange',
    tooltip: 'Put all tiles in a neat order',
    onClick: () => editor.arrange()
  });
  add('undo', { icon: undoIcon, tooltip: 'Undo (Ctrl+Z)', onClick: () => editor.layout_.undo() });
  add('redo', {
    icon: redoIcon,
    tooltip: 'Redo (Ctrl+Shift+Z)',
    onClick: () => editor.layout_.redo()
  });
  const preview = add('preview', {
    label: 'Preview',
    tooltip: 'As viewers will see it, with your kernel',
    onClick: () => {
      editor.preview = !editor.preview;
      state();
    }
  });
  const state = () => {
    const { kind } = editor.layout_.view;
    grid.pressed = kind === 'grid';
    report.pressed = kind === 'report';
    arrange.enabled = kind === 'grid' && !editor.preview;
    preview.pressed = editor.preview;
  };
  editor.layout_.changed.connect(state);
  state();
  return view;
}

/** JupyterLab has room beside the notebook; Notebook has it in the panel on the right. */
function beside(app: JupyterFrontEnd, view: MainAreaWidget<Editor>, panel: NotebookPanel): void {
  if (app.name === 'Jupyter Notebook') {
    view.addClass('dashops-mod-side');
    app.shell.add(view, 'right');
  } else {
    app.shell.add(view, 'main', { mode: 'split-right', ref: panel.id });
  }
}
