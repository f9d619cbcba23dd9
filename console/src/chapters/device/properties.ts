// The place where news about properties are put together with what is known of them.
import type { DeviceProperty } from '../../api/gen';

export interface Known {
  id: string;
  /** JSON text, '' if there is none. */
  value: string;
  desired: string;
  changed: number;
  reported: number;
  /** How often it changed under the page's eyes. */
  changes: number;
}

export type Properties = ReadonlyMap<string, Known>;

/** What is known, with the news. */
export function merge(old: Properties, news: readonly DeviceProperty[]): Properties {
  const next = new Map(old);
  for (const { Id = '', Value = '', Desired = '', ChangeTime = 0, ReportTime = 0 } of news) {
    const before = old.get(Id);
    const another = before !== undefined && before.value !== Value;
    next.set(Id, {
      id: Id,
      value: Value,
      desired: Desired,
      changed: ChangeTime,
      reported: ReportTime,
      changes: (before?.changes ?? 0) + (another ? 1 : 0),
    });
  }
  return next;
}
