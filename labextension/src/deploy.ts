/** "Deploy as" in the File menu of JupyterLab and Notebook. */

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, Notification, showDialog } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { Menu } from '@lumino/widgets';

import { Entry, Failed, entries, run } from './server';
import { failure } from './failure';
import { runs } from './run';

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
  const going = runs.begin(entry, context);
  if (!going) {
    return;
  }
  const id = Notification.emit(`${entry.label}: saving`, 'in-progress', { autoClose: false });
  going.changed.connect(() => {
    if (going.state === 'asking') {
      const errors = going.errors > 1 ? `${going.errors} errors were` : 'an error was';
      const message = `${entry.label}: ${errors} found, nothing was sent yet`;
      const actions = [{ label: 'Show', callback: () => runs.show(going) }];
      Notification.update({ id, message, type: 'warning', autoClose: false, actions });
    }
  });
  try {
    if (context.model.dirty) {
      await context.save();
    }
    if (!(await going.look())) {
      Notification.dismiss(id);
      return;
    }
    let phase = entry.label;
    const link = await run(entry, context.localPath, said => {
      going.hear(said);
      if ('phase' in said) {
        phase = said.phase;
      } else if ('text' in said) {
        const message = `${phase}: ${said.text}`;
        const progress = said.done ?? undefined;
        Notification.update({ id, message, type: 'in-progress', progress, actions: [] });
      }
    });
    going.succeed(link);
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
    going.fail(failed);
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
