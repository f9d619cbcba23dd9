// The place where the history of a property becomes points of a line and rows of a file.
import type { DeviceDataHistoryItem } from '../../api/gen';
import { formatTime } from '../../kit/time';
import { formatValue, numericValue } from '../../thing-model/format';
import type { Define } from '../../thing-model/types';

export interface Point {
  at: number;
  /** As the server gives it: text of the value. */
  value: string;
}

export function pointsOf(items: readonly DeviceDataHistoryItem[] = []): Point[] {
  return items.map((item) => ({ at: Number(item.Time), value: item.Value ?? '' }));
}

/** [milliseconds, number] of what has a number. */
export function lineOf(define: Define, points: readonly Point[]): [number, number][] {
  return points.flatMap(({ at, value }) => {
    const number = numericValue(define, value);
    return number === undefined ? [] : [[at, number] as [number, number]];
  });
}

/** A cell of a CSV file; texts that a spreadsheet would run as a formula are kept texts. */
export function csvCell(text: string): string {
  const tame = /^[=+\-@\t\r]/.test(text) && !Number.isFinite(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(tame) ? `"${tame.replaceAll('"', '""')}"` : tame;
}

/** With the mark that makes spreadsheets read UTF-8. */
export function csvOf(head: readonly string[], define: Define, points: readonly Point[]): string {
  const rows = points.map(({ at, value }) => [
    formatTime(at, true),
    String(at),
    value,
    formatValue(define, value),
  ]);
  return `\uFEFF${[head, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n')}\r\n`;
}
