// The place where topic filters are read from a text, one a line; the server checks them again.
import { SERVICE_FILTER_BYTES, SERVICE_FILTERS } from '../../limits';

export type Way = 'publish' | 'subscribe';

export interface Problem {
  word: 'badFilter' | 'reservedFilter' | 'manyFilters';
  filter: string;
}

export function filtersOf(text: string): string[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '');
}

/** What is wrong with the first filter that something is wrong with. */
export function filterProblem(text: string, way: Way): Problem | undefined {
  const filters = filtersOf(text);
  if (filters.length > SERVICE_FILTERS) return { word: 'manyFilters', filter: '' };
  const bad = filters.find((filter) => !isFilter(filter));
  if (bad !== undefined) return { word: 'badFilter', filter: bad };
  const reserved = filters.find((filter) => filter.startsWith('$') && !mayUse(filter, way));
  return reserved === undefined ? undefined : { word: 'reservedFilter', filter: reserved };
}

/** Wildcards fill a whole level, `#` only the last. */
function isFilter(filter: string): boolean {
  const levels = filter.split('/');
  const fine = levels.every(
    (level, at) => !/[+#]/.test(level) || level === '+' || (level === '#' && at === levels.length - 1),
  );
  return fine && new TextEncoder().encode(filter).length <= SERVICE_FILTER_BYTES;
}

function mayUse(filter: string, way: Way): boolean {
  return way === 'subscribe' && (filter.startsWith('$thing/up/') || filter.startsWith('$ota/report/'));
}
