/** The side panel "Dashboards": the open notebook's deploy, its revisions, who may view it. */

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, ReactWidget } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { refreshIcon } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import React from 'react';

import '../style/panel.css';
import * as cells from './cells';
import { dashboardIcon } from './icon';
import { Progress } from './progress';
import { Revisions } from './revisions';
import { Run, runs } from './run';
import { Dashboard, dashboards, server } from './servers';
import { Words } from './words';

export const panel: JupyterFrontEndPlugin<void> = {
  id: '@dashops/notebook:panel',
  description: 'Shows deploys and revisions of the notebook that is open.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette],
  activate
};

/** Milliseconds between two looks at a deploy that this page does not follow. */
const POLL = 3000;

function activate(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  palette: ICommandPalette | null
): void {
  const shown = new Dashboards(tracker);
  app.shell.add(shown, 'right', { rank: 900 });
  const reveal = () => app.shell.activateById(shown.id);
  const command = 'dashops:dashboards';
  app.commands.addCommand(command, {
    label: 'Show Dashboards of the Notebook',
    icon: dashboardIcon,
    execute: reveal
  });
  palette?.addItem({ command, category: 'Deploy as' });

  cells.unmarkWhatRuns();
  runs.shown.connect((_, run) => {
    reveal();
    shown.follow(run);
  });
}

class Dashboards extends ReactWidget {
  constructor(private _tracker: INotebookTracker) {
    super();
    this.id = 'dashops-dashboards';
    this.addClass('dashops-Dashboards');
    this.title.icon = dashboardIcon;
    this.title.caption = 'Dashboards';
    _tracker.currentChanged.connect(() => this._turn());
    this._turn();
  }

  /** Show what happens to a deploy, and mark the cell it fails at. */
  follow(run: Run): void {
    if (!this._followed.has(run)) {
      this._followed.add(run);
      cells.unmark(this._tracker, run.context.path);
      run.changed.connect(() => {
        this.update();
        const cell = run.state === 'failed' && run.cell(run.failed!.cell);
        if (cell) {
          cells.mark(this._tracker, run.context.path, cell);
          cells.show(this._tracker, run.context.path, cell);
        }
        if (run.state === 'done' || run.state === 'failed') {
          void this._load();
        }
      });
    }
    this.update();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    void this._load();
  }

  protected render(): JSX.Element {
    if (!this._notebook) {
      return <p className="dashops-Note">Open a notebook to see its dashboards.</p>;
    }
    const { context } = this._notebook;
    const path = context.path;
    const run = runs.of(context);
    return (
      <>
        <header>
          <h2 title={path}>{context.localPath.split('/').pop()}</h2>
          <button
            className="jp-ToolbarButtonComponent"
            title="Load the revisions again"
            onClick={() => void this._load()}
          >
            <refreshIcon.react tag="span" />
          </button>
        </header>
        {run && (
          <Progress run={run} show={id => cells.show(this._tracker, run.context.path, id)} />
        )}
        {this._problem && (
          <p className="dashops-Fix">
            <Words text={this._problem} />
          </p>
        )}
        {this._found.map((each, number) => (
          <Revisions
            key={`${path} ${number}`}
            dashboard={each}
            number={number}
            path={context.localPath}
            reload={() => this._load()}
            followed={run !== undefined && !run.ended && server(run.entry) === number}
          />
        ))}
      </>
    );
  }

  private _turn(): void {
    this._notebook?.context.pathChanged.disconnect(this._load, this);
    this._notebook = this._tracker.currentWidget;
    this._notebook?.context.pathChanged.connect(this._load, this);
    this._found = [];
    void this._load();
  }

  /** What the servers keep; a panel that nobody sees asks nobody. */
  private async _load(): Promise<void> {
    this.update();
    const notebook = this._notebook;
    if (!notebook || !this.isVisible) {
      return;
    }
    const asked = ++this._asked;
    let found: Dashboard[] = [];
    let problem = '';
    try {
      await notebook.context.ready;
      found = await dashboards(notebook.context.localPath);
    } catch (error) {
      problem = error instanceof Error ? error.message : `${error}`;
    }
    // Only the answer to the last question counts.
    if (asked === this._asked) {
      this._found = found;
      this._problem = problem;
      this.update();
      if (found.some(each => each.running !== null)) {
        window.setTimeout(() => asked === this._asked && void this._load(), POLL);
      }
    }
  }

  private _notebook: NotebookPanel | null = null;
  private _found: Dashboard[] = [];
  private _problem = '';
  private _asked = 0;
  private _followed = new WeakSet<Run>();
}
