/** What a dialog shows of a deploy that failed: text only, whatever is in it. */

import { Widget } from '@lumino/widgets';

import { Failed } from './server';

export function failure(failed: Failed): Widget {
  const shown = new Widget();
  const add = (tag: string, text: string) => {
    if (text) {
      const element = document.createElement(tag);
      element.textContent = text;
      shown.node.append(element);
    }
  };
  add('p', failed.message);
  add('pre', failed.traceback);
  add('p', failed.hint);
  return shown;
}
