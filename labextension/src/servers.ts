/** What the notebook server's extension tells of a notebook's dashboards on the servers. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { Entry, Failed, ask } from './server';

/** As `dashops preflight` says it; cells count from 1, text included. */
export type Finding = {
  kind: string;
  severity: 'error' | 'warning' | 'note';
  message: string;
  fix: string;
  cell: number | null;
  line: number | null;
  file: string;
};
export type Preflight = { findings: Finding[]; silent: string };

export type Revision = {
  revision: number;
  state: 'active' | 'good' | 'draft' | 'failed';
  created: string;
  title: string;
  author: string;
  commit: string;
  viewers: number;
  failure: { message: string } | null;
  /** Where a draft can be looked at. */
  preview: { url: string } | null;
};
export type Grant = { kind: string; value: string };
export type Kept = {
  link: string | null;
  revisions: Revision[];
  access: { owner: string; grants: Grant[]; default: boolean } | null;
};
/** One server's part: without `kept` there is no dashboard of the notebook's name. */
export type Dashboard = {
  server: string;
  name: string;
  kept: Kept | null;
  /** The phase of a deploy that somebody began, maybe on a page that was left. */
  running: string | null;
  failed?: string;
  hint?: string;
};

type Refusal = { failed: string; hint: string };

/** The number of the dashboard server that an entry is for; entries of packages have none. */
export function server(entry: Entry): number | null {
  const found = /^server\.(\d+)$/.exec(entry.id);
  return found ? Number(found[1]) : null;
}

/** Throws Failed, as all here do. */
export function preflight(number: number, path: string): Promise<Preflight> {
  return told(`servers/${number}/preflight?path=${encodeURIComponent(path)}`);
}

export async function dashboards(path: string): Promise<Dashboard[]> {
  const answer = await told<{ dashboards: Dashboard[] }>(
    `dashboards?path=${encodeURIComponent(path)}`
  );
  return answer.dashboards;
}

/** Let viewers get that revision from their next visit on. */
export function show(number: number, path: string, revision: number): Promise<unknown> {
  const body = JSON.stringify({ path, revision });
  return told(`servers/${number}/rollback`, { method: 'POST', body });
}

/** The address of the picture of a revision; not every one has a picture. */
export function thumbnail(number: number, name: string, revision: number): string {
  const { baseUrl } = ServerConnection.makeSettings();
  return URLExt.join(baseUrl, 'dashops/servers', `${number}/thumbnails/${name}/${revision}`);
}

async function told<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
  const said = (await (await ask(path, init)).json()) as Answer | Refusal;
  if ('failed' in (said as object)) {
    throw new Failed((said as Refusal).failed, (said as Refusal).hint);
  }
  return said as Answer;
}
