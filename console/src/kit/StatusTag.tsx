// The place where states have their colours.
import type { ReactNode } from 'react';

export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'plain';

/** A state with a dot: colour is never the only sign. */
export function StatusTag({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={`k-status k-tone-${tone}`}>
      <i aria-hidden="true" />
      {children}
    </span>
  );
}

/** A small label: a type, a kind. */
export function Label({
  tone = 'plain',
  children,
  mono,
}: {
  tone?: Tone;
  children: ReactNode;
  mono?: boolean;
}) {
  return <span className={`k-label k-tone-${tone} ${mono ? 'k-mono' : ''}`}>{children}</span>;
}
