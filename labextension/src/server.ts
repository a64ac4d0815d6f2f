/** What the notebook server's extension offers: the entries, and one of them at work. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

export type Group = 'deploy' | 'download';
/** What a `here` one makes is a page of the notebook server, which opens in a tab by itself. */
export type Entry = { id: string; label: string; group: Group; broken: string; here: boolean };
export type Link = { link: string; text: string; notes?: string[] };
export type Download = { download: string; name: string; text: string };
/** What happens while an entry works: a phase begins, it gets further, a program printed a line. */
export type Happening = { phase: string } | { text: string; done: number | null } | { log: string };
export type Tell = (happening: Happening) => void;

type Said =
  | Happening
  | Link
  | Download
  | { failed: string; hint: string; traceback?: string; cell?: number | null };

/** Why an entry did not do its work. */
export class Failed extends Error {
  constructor(
    message: string,
    readonly hint: string,
    readonly traceback: string = '',
    /** Counted from 1, text included. */
    readonly cell: number | null = null
  ) {
    super(message);
  }
}

export async function entries(): Promise<Entry[]> {
  const answer = await ask('entries');
  return ((await answer.json()) as { entries: Entry[] }).entries;
}

/** Run an entry with a saved notebook; throws Failed. */
export async function run(entry: Entry, path: string, tell: Tell): Promise<Link | Download> {
  const answer = await ask(`entries/${entry.id}`, {
    method: 'POST',
    body: JSON.stringify({ path })
  });
  for await (const said of lines(answer)) {
    if ('link' in said) {
      // Of its own pages the server knows the path; only browsers know by which name they reach it.
      return { ...said, link: new URL(said.link, window.location.href).href };
    }
    if ('download' in said) {
      return said;
    }
    if ('failed' in said) {
      throw new Failed(said.failed, said.hint, said.traceback, said.cell);
    }
    tell(said);
  }
  throw new Failed(
    'the connection to the notebook server broke',
    'it may have gone on: look at what should come of it'
  );
}

/** Let the browser save what an entry made; its address is good for once. */
export function save(made: Download): void {
  const anchor = document.createElement('a');
  anchor.href = URLExt.join(ServerConnection.makeSettings().baseUrl, made.download);
  anchor.download = made.name;
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
}

export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const settings = ServerConnection.makeSettings();
  const url = URLExt.join(settings.baseUrl, 'dashops', path);
  const answer = await ServerConnection.makeRequest(url, init, settings);
  if (!answer.ok) {
    const said = await answer.json().catch(() => ({}));
    throw new Failed(said.message || answer.statusText, '');
  }
  return answer;
}

/** What arrives, a line at a time. */
async function* lines(answer: Response): AsyncGenerator<Said> {
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    const whole = (rest + value).split('\n');
    rest = whole.pop()!;
    for (const line of whole) {
      yield JSON.parse(line);
    }
  }
}
