/** "Deploy as" and "Download as" in the File menu of JupyterLab and Notebook. */

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, Notification, showDialog } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { Menu } from '@lumino/widgets';

import { Download, Entry, Failed, Group, Link, entries, run, save } from './server';
import { failure } from './failure';

const MENUS: Record<Group, { title: string; caption: string }> = {
  deploy: { title: 'Deploy as', caption: 'Save the notebook and publish it' },
  download: { title: 'Download as', caption: 'Save the notebook and download it' }
};

export const deploying: JupyterFrontEndPlugin<void> = {
  id: '@dashops/notebook:deploy',
  description: 'Publishes a notebook as a dashboard, or makes files of it.',
  autoStart: true,
  requires: [IDocumentManager],
  optional: [IMainMenu, ICommandPalette],
  activate
};

async function activate(
  app: JupyterFrontEnd,
  documents: IDocumentManager,
  bar: IMainMenu | null,
  palette: ICommandPalette | null
): Promise<void> {
  const menus = Object.fromEntries(
    Object.entries(MENUS).map(([group, { title }]) => {
      const menu = new Menu({ commands: app.commands });
      menu.id = `dashops-${group}-as`;
      menu.title.label = title;
      return [group, menu];
    })
  );
  const submenus = Object.values(menus);
  bar?.fileMenu.addGroup(
    submenus.map(submenu => ({ type: 'submenu' as const, submenu })),
    11
  );

  const notebook = () => {
    const shown = app.shell.currentWidget;
    const context = shown ? documents.contextForWidget(shown) : undefined;
    return context?.contentsModel?.type === 'notebook' ? context : undefined;
  };
  for (const entry of await entries()) {
    const { title, caption } = MENUS[entry.group];
    const command = `dashops:${entry.group}-${entry.id}`;
    app.commands.addCommand(command, {
      label: entry.broken ? `${entry.label}: broken` : entry.label,
      caption: entry.broken || `${caption}: ${entry.label}`,
      isEnabled: () => !entry.broken && notebook() !== undefined,
      execute: async () => {
        const context = notebook();
        if (context) {
          await work(entry, context);
        }
      }
    });
    menus[entry.group].addItem({ command });
    palette?.addItem({ command, category: title });
  }
}

/** Save, run the entry, and say in one notification how far it is and what came of it. */
async function work(entry: Entry, context: DocumentRegistry.Context): Promise<void> {
  const id = Notification.emit(`${entry.label}: saving`, 'in-progress', { autoClose: false });
  try {
    if (context.model.dirty) {
      await context.save();
    }
    const made = await run(entry, context.localPath, (text, done) => {
      Notification.update({ id, message: text, progress: done ?? undefined });
    });
    'link' in made ? published(id, entry, made) : saved(id, entry, made);
  } catch (error) {
    const failed = error instanceof Failed ? error : new Failed(`${error}`, '');
    Notification.update({
      id,
      message: failed.message,
      type: 'error',
      autoClose: false,
      actions: [{ label: 'Details', callback: () => void details(entry, failed) }]
    });
  }
}

function published(id: string, entry: Entry, made: Link): void {
  Notification.update({
    id,
    message: made.text || entry.label,
    type: 'success',
    autoClose: false,
    actions: [
      { label: 'Open', callback: () => void window.open(made.link, '_blank', 'noopener') },
      { label: 'Copy link', callback: () => void navigator.clipboard.writeText(made.link) }
    ]
  });
}

function saved(id: string, entry: Entry, made: Download): void {
  save(made);
  const message = made.text || `${entry.label}: ${made.name}`;
  Notification.update({ id, message, type: 'success', autoClose: false, actions: [] });
}

function details(entry: Entry, failed: Failed): Promise<unknown> {
  return showDialog({
    title: entry.label,
    body: failure(failed),
    buttons: [Dialog.okButton({ label: 'Close' })]
  });
}
