/** A deploy as the panel shows it: findings, phases, log, and what came of it. */

import React from 'react';

import { Run } from './run';
import { Finding } from './servers';
import { Words } from './words';

type Show = (id: string) => void;

export function Progress({ run, show }: { run: Run; show: Show }): JSX.Element {
  return (
    <section className="dashops-Deploy" aria-label="Deploy">
      <h3>{run.entry.label}</h3>
      <Findings run={run} show={show} />
      {run.state === 'asking' && <Question run={run} />}
      <Phases run={run} />
      <Log lines={run.log} />
      <Outcome run={run} show={show} />
    </section>
  );
}

const LOOKING: Partial<Record<Run['state'], string>> = {
  saving: 'Saving the notebook…',
  looking: 'Looking for what viewers would miss…',
  stopped: 'Stopped: nothing was sent.'
};

function Findings({ run, show }: { run: Run; show: Show }): JSX.Element {
  const said = LOOKING[run.state];
  return (
    <>
      {said && <p className="dashops-Note">{said}</p>}
      {run.silent && (
        <p className="dashops-Note">
          The server&apos;s side was not looked at: <Words text={run.silent} />
        </p>
      )}
      {run.findings.length > 0 && (
        <ul className="dashops-Findings">
          {run.findings.map((each, at) => (
            <li key={at}>
              <One finding={each} id={run.cell(each.cell)} show={show} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function One(props: { finding: Finding; id: string | null; show: Show }): JSX.Element {
  const { finding, id, show } = props;
  const place = finding.cell ? `cell ${finding.cell}` : finding.file;
  return (
    <button
      className="dashops-Finding"
      data-severity={finding.severity}
      disabled={id === null}
      title={id === null ? undefined : 'Show this cell'}
      onClick={() => id !== null && show(id)}
    >
      <span className="dashops-Severity">{finding.severity}</span>
      {place && <span className="dashops-Place">{place}</span>}
      <span className="dashops-Message">
        <Words text={finding.message} />
      </span>
      {finding.fix && (
        <span className="dashops-Fix">
          <Words text={finding.fix} />
        </span>
      )}
    </button>
  );
}

function Question({ run }: { run: Run }): JSX.Element {
  return (
    <div className="dashops-Question" role="alert">
      <p>Nothing was sent yet. The server runs the notebook before anybody sees it, and decides.</p>
      <div className="dashops-Buttons">
        <button className="jp-mod-styled jp-mod-accept" onClick={() => run.decide(false)}>
          Stop
        </button>
        <button className="jp-mod-styled jp-mod-warn" onClick={() => run.decide(true)}>
          Deploy anyway
        </button>
      </div>
    </div>
  );
}

function Phases({ run }: { run: Run }): JSX.Element | null {
  if (!run.phases.length) {
    return null;
  }
  const last = run.phases.length - 1;
  const sign = (at: number) =>
    at < last || run.state === 'done' ? 'done' : run.state === 'failed' ? 'failed' : 'running';
  return (
    <>
      {run.state === 'running' && (
        <progress className="dashops-Bar" value={run.done ?? undefined} aria-label="Deploying" />
      )}
      <ol className="dashops-Phases">
        {run.phases.map((each, at) => (
          <li key={at} data-state={sign(at)}>
            <b>{each.name || 'work'}</b> <Words text={each.text} />
          </li>
        ))}
      </ol>
    </>
  );
}

/** It stays at its end as long as nobody scrolls it up. */
function Log({ lines }: { lines: string[] }): JSX.Element | null {
  const [open, setOpen] = React.useState(true);
  const shown = React.useRef<HTMLPreElement>(null);
  const follows = React.useRef(true);
  React.useLayoutEffect(() => {
    if (shown.current && follows.current) {
      shown.current.scrollTop = shown.current.scrollHeight;
    }
  });
  if (!lines.length) {
    return null;
  }
  return (
    <details
      className="dashops-Log"
      open={open}
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary>Log</summary>
      <pre
        ref={shown}
        tabIndex={0}
        onScroll={({ currentTarget: at }) => {
          follows.current = at.scrollHeight - at.scrollTop - at.clientHeight < 8;
        }}
      >
        {lines.join('\n')}
      </pre>
    </details>
  );
}

function Outcome({ run, show }: { run: Run; show: Show }): JSX.Element | null {
  const { failed, link } = run;
  const shown = React.useRef<HTMLDivElement>(null);
  // Below a long list of findings nobody would see how it ended.
  React.useEffect(() => shown.current?.scrollIntoView({ block: 'nearest' }), [run.state]);
  if (failed) {
    const id = run.cell(failed.cell);
    return (
      <div ref={shown} className="dashops-Outcome" data-state="failed" role="alert">
        <p className="dashops-Message">
          <Words text={failed.message} />
        </p>
        {failed.traceback && <pre tabIndex={0}>{failed.traceback}</pre>}
        {failed.hint && (
          <p className="dashops-Fix">
            <Words text={failed.hint} />
          </p>
        )}
        {id && (
          <div className="dashops-Buttons">
            <button className="jp-mod-styled jp-mod-reject" onClick={() => show(id)}>
              Show the cell
            </button>
          </div>
        )}
      </div>
    );
  }
  if (!link) {
    return null;
  }
  return (
    <div ref={shown} className="dashops-Outcome" data-state="done" role="status">
      <p className="dashops-Message">{link.text}</p>
      {(link.notes ?? []).length > 0 && (
        <ul className="dashops-Notes">
          {link.notes!.map((each, at) => (
            <li key={at}>
              <Words text={each} />
            </li>
          ))}
        </ul>
      )}
      <a href={link.link} target="_blank" rel="noopener noreferrer">
        {link.link}
      </a>
      <Links link={link.link} />
    </div>
  );
}

export function Links({ link }: { link: string }): JSX.Element {
  const [copied, setCopied] = React.useState(false);
  return (
    <div className="dashops-Buttons">
      <button
        className="jp-mod-styled jp-mod-accept"
        onClick={() => void window.open(link, '_blank', 'noopener')}
      >
        Open
      </button>
      <button
        className="jp-mod-styled jp-mod-reject"
        onClick={() => void navigator.clipboard.writeText(link).then(() => setCopied(true))}
      >
        {copied ? 'Copied' : 'Copy link'}
      </button>
    </div>
  );
}
