// The place where the lines of the communication log are kept: bounded, in the order in which they came.
import type { LiveMessage } from '../../api/live';
import { fromJson } from '../../thing-model/values';

/** Older lines go. */
export const LINES = 500;

export interface Line extends LiveMessage {
  n: number;
  /** `method` of a thing model message: report, control, action_reply … */
  method?: string;
}

export interface Lines {
  /** Oldest first. */
  list: readonly Line[];
  next: number;
  /** Messages that were shown nowhere: the page was too slow. */
  lost: boolean;
}

export const NO_LINES: Lines = { list: [], next: 1, lost: false };

export function addLines(old: Lines, news: readonly LiveMessage[], lost = false): Lines {
  const added = news.map((message, n) => ({
    ...message,
    n: old.next + n,
    method: methodOf(message.Payload),
  }));
  return {
    list: [...old.list, ...added].slice(-LINES),
    next: old.next + added.length,
    lost: old.lost || lost,
  };
}

function methodOf(payload: string): string | undefined {
  if (!payload.startsWith('{')) return undefined;
  const read = fromJson(payload);
  const method =
    typeof read === 'object' && read !== null ? (read as { method?: unknown }).method : undefined;
  return typeof method === 'string' ? method : undefined;
}

export type Way = 'all' | 'up' | 'down';

export function filterLines(list: readonly Line[], way: Way, text: string): readonly Line[] {
  const wanted = text.toLowerCase();
  return list.filter(
    (line) =>
      (way === 'all' || line.Direction === way) &&
      (wanted === '' || `${line.Topic}\n${line.Payload}`.toLowerCase().includes(wanted)),
  );
}

/** What is copied: one line per message. */
export function textOf(list: readonly Line[], time: (at: number) => string): string {
  const arrow = (line: Line) => (line.Direction === 'up' ? '↑' : '↓');
  return list.map((line) => `${time(line.Time)} ${arrow(line)} ${line.Topic} ${line.Payload}`).join('\n');
}
