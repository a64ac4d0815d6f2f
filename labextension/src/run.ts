/** One deploy of a notebook, from the click to its end, as panels show it; it shows nothing. */

import { DocumentRegistry } from '@jupyterlab/docregistry';
import { PromiseDelegate } from '@lumino/coreutils';
import { ISignal, Signal } from '@lumino/signaling';

import { ids } from './cells';
import { Entry, Failed, Happening, Link } from './server';
import { Finding, preflight, server } from './servers';

/** Lines of a log that are kept; of a longer one, the last. */
const LINES = 2000;

export type State = 'saving' | 'looking' | 'asking' | 'running' | 'done' | 'failed' | 'stopped';
export type Phase = { name: string; text: string };

export class Run {
  state: State = 'saving';
  findings: Finding[] = [];
  /** Why the server was not asked before the deploy. */
  silent = '';
  phases: Phase[] = [];
  done: number | null = null;
  log: string[] = [];
  link: Link | null = null;
  failed: Failed | null = null;

  constructor(
    readonly entry: Entry,
    readonly context: DocumentRegistry.Context
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get ended(): boolean {
    return ['done', 'failed', 'stopped'].includes(this.state);
  }

  get errors(): number {
    return this.findings.filter(each => each.severity === 'error').length;
  }

  /** The id of the cell that a finding or a failure counts, as cells were when it was sent. */
  cell(number: number | null): string | null {
    return number === null ? null : (this._cells[number - 1] ?? null);
  }

  /** The notebook is saved: look at it; whether it is to be sent, as the author decides. */
  async look(): Promise<boolean> {
    this._cells = ids(this.context);
    const number = server(this.entry);
    if (number !== null) {
      this._become('looking');
      const found = await preflight(number, this.context.localPath);
      this.findings = found.findings;
      this.silent = found.silent;
      if (this.errors) {
        this._become('asking');
        if (!(await this._decided.promise)) {
          this._become('stopped');
          return false;
        }
      }
    }
    this._become('running');
    return true;
  }

  /** What the author says to errors that were found. */
  decide(goOn: boolean): void {
    this._decided.resolve(goOn);
  }

  hear(happening: Happening): void {
    if ('phase' in happening) {
      this.phases.push({ name: happening.phase, text: '' });
    } else if ('log' in happening) {
      this.log.push(happening.log);
      this.log.splice(0, this.log.length - LINES);
    } else {
      if (!this.phases.length) {
        this.phases.push({ name: '', text: '' });
      }
      this.phases[this.phases.length - 1].text = happening.text;
      this.done = happening.done;
    }
    this._changed.emit();
  }

  succeed(link: Link): void {
    this.link = link;
    this._become('done');
  }

  fail(failed: Failed): void {
    this.failed = failed;
    this._become('failed');
  }

  private _become(state: State): void {
    this.state = state;
    this._changed.emit();
  }

  private _cells: string[] = [];
  private _decided = new PromiseDelegate<boolean>();
  private _changed = new Signal<this, void>(this);
}

/** The last deploy of each notebook, since the page was loaded. */
export class Runs {
  /** Emits a deploy that begins, or that somebody wants to see again. */
  get shown(): ISignal<this, Run> {
    return this._shown;
  }

  of(context: DocumentRegistry.Context): Run | undefined {
    return this._runs.get(context.path);
  }

  show(run: Run): void {
    this._shown.emit(run);
  }

  /** A new deploy; null while another one of that notebook goes on, which is shown then. */
  begin(entry: Entry, context: DocumentRegistry.Context): Run | null {
    const before = this.of(context);
    if (before && !before.ended && before.state !== 'asking') {
      this.show(before);
      return null;
    }
    before?.decide(false);
    const run = new Run(entry, context);
    this._runs.set(context.path, run);
    context.pathChanged.connect((_, path) => {
      for (const [old, each] of this._runs) {
        if (each === run && old !== path) {
          this._runs.delete(old);
          this._runs.set(path, run);
        }
      }
    });
    this.show(run);
    return run;
  }

  private _runs = new Map<string, Run>();
  private _shown = new Signal<this, Run>(this);
}

export const runs = new Runs();
