/** Text of servers as elements: what stands in backticks is code, and nothing is ever markup. */

import React from 'react';

export function Words({ text }: { text: string }): JSX.Element {
  const parts = text.split('`');
  // Without its other half a backtick is one.
  if (parts.length % 2 === 0) {
    return <>{text}</>;
  }
  return <>{parts.map((part, at) => (at % 2 ? <code key={at}>{part}</code> : part))}</>;
}
