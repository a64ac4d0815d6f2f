/** "Deploy as" in the File menu of JupyterLab and Notebook. */

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, Notification, showDialog } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { Menu } from '@lumino/widgets';

import { Entry, Failed, entries, run } from './server';
import { failure } from './failure';

export const deploying: JupyterFrontEndPlugin<void> = {
  id: '@dashops/notebook:deploy',
  description: 'Publishes a notebook as a dashboard.',
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
  const menu = new Menu({ commands: app.commands });
  menu.id = 'dashops-deploy-as';
  menu.title.label = 'Deploy as';
  bar?.fileMenu.addGroup([{ type: 'submenu', submenu: menu }], 11);

  const notebook = () => {
    const shown = app.shell.currentWidget;
    const context = shown ? documents.contextForWidget(shown) : undefined;
    return context?.contentsModel?.type === 'notebook' ? context : undefined;
  };
  for (const entry of await entries()) {
    const command = `dashops:deploy-${entry.id}`;
    app.commands.addCommand(command, {
      label: entry.broken ? `${entry.label}: broken` : entry.label,
      caption: entry.broken || `Save the notebook and publish it: ${entry.label}`,
      isEnabled: () => !entry.broken && notebook() !== undefined,
      execute: async () => {
        const context = notebook();
        if (context) {
          await deploy(entry, context);
        }
      }
    });
    menu.addItem({ command });
    palette?.addItem({ command, category: 'Deploy as' });
  }
}

/** Save, run the entry, and say in one notification how far it is and what came of it. */
async function deploy(entry: Entry, context: DocumentRegistry.Context): Promise<void> {
  const id = Notification.emit(`${entry.label}: saving`, 'in-progress', { autoClose: false });
  try {
    if (context.model.dirty) {
      await context.save();
    }
    const link = await run(entry, context.localPath, (text, done) => {
      Notification.update({ id, message: text, progress: done ?? undefined });
    });
    Notification.update({
      id,
      message: link.text || entry.label,
      type: 'success',
      autoClose: false,
      actions: [
        { label: 'Open', callback: () => void window.open(link.link, '_blank', 'noopener') },
        { label: 'Copy link', callback: () => void navigator.clipboard.writeText(link.link) }
      ]
    });
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

function details(entry: Entry, failed: Failed): Promise<unknown> {
  return showDialog({
    title: entry.label,
    body: failure(failed),
    buttons: [Dialog.okButton({ label: 'Close' })]
  });
}
