/** "Deploy as" and "Download as" in the File menu of JupyterLab and Notebook. */

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, Notification, showDialog } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { Menu } from '@lumino/widgets';

import { Download, Entry, Failed, Group, Link, entries, run, save } from './server';
import { failure } from './failure';
import { notebookOf } from './layout';
import { runs } from './run';

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
    const widget = notebookOf(shown) ?? shown; // of a dashboard view its notebook
    const context = widget ? documents.contextForWidget(widget) : undefined;
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
          await (entry.group === 'deploy' ? deploy : download)(entry, context);
        }
      }
    });
    menus[entry.group].addItem({ command });
    palette?.addItem({ command, category: title });
  }
}

/** Save, run the entry, and say in one notification how far it is and what came of it. */
async function deploy(entry: Entry, context: DocumentRegistry.Context): Promise<void> {
  const going = runs.begin(entry, context);
  if (!going) {
    return;
  }
  const tab = entry.here ? opened(context) : null;
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
    const made = await run(entry, context.localPath, said => {
      going.hear(said);
      if ('phase' in said) {
        phase = said.phase;
      } else if ('text' in said) {
        const message = `${phase}: ${said.text}`;
        const progress = said.done ?? undefined;
        Notification.update({ id, message, type: 'in-progress', progress, actions: [] });
      }
    });
    if ('link' in made) {
      tab?.location.replace(made.link);
      going.succeed(made);
      published(id, entry, made);
    } else {
      throw new Failed(`${entry.label} made a file in place of a dashboard`, '');
    }
  } catch (error) {
    if (tab?.location.href === 'about:blank') {
      tab.close();
    }
    going.fail(refused(id, entry, error));
  }
}

/**
 * A tab for what is made of a notebook, the next time the same one. It has to be opened at the
 * click itself, as browsers block what opens later; null where they do, and "Open" is left.
 */
function opened(context: DocumentRegistry.Context): Window | null {
  const name = `dashops:${context.path}`;
  try {
    const tab = window.open('', name);
    if (tab?.location.href === 'about:blank') {
      tab.document.title = 'Starting…';
    }
    return tab;
  } catch {
    return null; // the author went to another site in that tab
  }
}

/** Save, run the entry, and let the browser save what it made. */
async function download(entry: Entry, context: DocumentRegistry.Context): Promise<void> {
  const id = Notification.emit(`${entry.label}: saving`, 'in-progress', { autoClose: false });
  try {
    if (context.model.dirty) {
      await context.save();
    }
    const made = await run(entry, context.localPath, said => {
      if ('text' in said) {
        Notification.update({ id, message: said.text, progress: said.done ?? undefined });
      }
    });
    'link' in made ? published(id, entry, made) : saved(id, entry, made);
  } catch (error) {
    refused(id, entry, error);
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

function refused(id: string, entry: Entry, error: unknown): Failed {
  const failed = error instanceof Failed ? error : new Failed(`${error}`, '');
  Notification.update({
    id,
    message: failed.message,
    type: 'error',
    autoClose: false,
    actions: [{ label: 'Details', callback: () => void details(entry, failed) }]
  });
  return failed;
}

function details(entry: Entry, failed: Failed): Promise<unknown> {
  return showDialog({
    title: entry.label,
    body: failure(failed),
    buttons: [Dialog.okButton({ label: 'Close' })]
  });
}
