/** What servers keep of a notebook's dashboard: revisions, and who may view it. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import React from 'react';

import { Failed } from './server';
import { Dashboard, Grant, Revision, show, thumbnail } from './servers';
import { Words } from './words';

type Reload = () => Promise<void>;
type Props = {
  dashboard: Dashboard;
  number: number;
  path: string;
  reload: Reload;
  /** Whether the panel follows a deploy of this page: then it is said there. */
  followed: boolean;
};

export function Revisions({ dashboard, number, path, reload, followed }: Props): JSX.Element {
  const { kept, server, name } = dashboard;
  return (
    <section className="dashops-Dashboard" aria-label={`${name} on ${server}`}>
      <h3>
        {name || 'Dashboard'} on {server}
      </h3>
      {dashboard.failed && (
        <div className="dashops-Outcome" data-state="failed">
          <p className="dashops-Message">
            <Words text={dashboard.failed} />
          </p>
          <p className="dashops-Fix">
            <Words text={dashboard.hint ?? ''} />
          </p>
        </div>
      )}
      {dashboard.running !== null && !followed && (
        <p className="dashops-Note" role="status">
          A deploy is running: <b>{dashboard.running}</b>
        </p>
      )}
      {!kept && !dashboard.failed && dashboard.running === null && !followed && (
        <p className="dashops-Note">
          Never deployed there: File &gt; Deploy as &gt; Dashboard on {server}.
        </p>
      )}
      {kept?.access && (
        <p className="dashops-Note dashops-Access">{who(kept.access.grants, kept.access.owner)}</p>
      )}
      {kept && (
        <ol className="dashops-Revisions">
          {kept.revisions.map(each => (
            <One
              key={each.revision}
              revision={each}
              picture={thumbnail(number, name, each.revision)}
              link={kept.link}
              activate={() => activate(number, path, each, dashboard, reload)}
            />
          ))}
        </ol>
      )}
    </section>
  );
}

type OneProps = {
  revision: Revision;
  picture: string;
  link: string | null;
  activate: () => Promise<void>;
};

function One({ revision, picture, link, activate }: OneProps): JSX.Element {
  const [drawn, setDrawn] = React.useState(true);
  const [busy, setBusy] = React.useState(false);
  const { state } = revision;
  const when = new Date(revision.created);
  const open = state === 'active' ? link : revision.preview?.url;
  return (
    <li className="dashops-Revision" data-state={state}>
      {drawn && state !== 'failed' ? (
        <img src={picture} alt="" loading="lazy" onError={() => setDrawn(false)} />
      ) : (
        <span className="dashops-NoPicture" />
      )}
      <div>
        <p>
          <b>Revision {revision.revision}</b> <span className="dashops-State">{state}</span>
        </p>
        <p className="dashops-Note">
          <time dateTime={revision.created}>
            {when.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })}
          </time>
          {revision.author && ` by ${revision.author}`}
          {revision.commit && ` at ${short(revision.commit)}`}
          {revision.viewers > 0 && `, open ${revision.viewers} times`}
        </p>
        {revision.failure && (
          <p className="dashops-Fix">
            <Words text={revision.failure.message} />
          </p>
        )}
        <div className="dashops-Buttons">
          {open && (
            <button
              className="jp-mod-styled jp-mod-reject"
              onClick={() => void window.open(open, '_blank', 'noopener')}
            >
              Open
            </button>
          )}
          {(state === 'good' || state === 'draft') && (
            <button
              className="jp-mod-styled jp-mod-reject"
              disabled={busy}
              onClick={() => {
                setBusy(true);
                void activate().finally(() => setBusy(false));
              }}
            >
              Show
            </button>
          )}
        </div>
      </div>
    </li>
  );
}

async function activate(
  number: number,
  path: string,
  revision: Revision,
  { name, server }: Dashboard,
  reload: Reload
): Promise<void> {
  const answer = await showDialog({
    title: `Show revision ${revision.revision} of ${name}?`,
    body:
      `Viewers on ${server} get it from their next visit on. ` +
      'Who has the dashboard open now keeps what is there until the page is loaded again.',
    buttons: [
      Dialog.cancelButton(),
      Dialog.warnButton({ label: `Show revision ${revision.revision}` })
    ]
  });
  if (!answer.button.accept) {
    return;
  }
  try {
    await show(number, path, revision.revision);
  } catch (error) {
    const { message, hint } = error instanceof Failed ? error : new Failed(`${error}`, '');
    await showDialog({
      title: `Revision ${revision.revision} is not shown`,
      body: [message, hint].filter(Boolean).join(' – '),
      buttons: [Dialog.okButton({ label: 'Close' })]
    });
  }
  await reload();
}

/** `+changes` says that the notebook is not as in the commit. */
function short(commit: string): string {
  const [hash, changes] = commit.split('+');
  return hash.slice(0, 8) + (changes ? ' and changes' : '');
}

const KINDS: Record<string, string> = {
  public: 'everybody, without a login',
  'signed-in': 'everybody who is logged in',
  private: 'nobody else'
};

function who(grants: Grant[], owner: string): string {
  const words = grants.map(({ kind, value }) => KINDS[kind] ?? `${kind} ${value}`);
  return `May view it: ${words.join(', ')}. Also ${owner ? `its owner ${owner} and ` : ''}operators.`;
}
