// The place where a list keeps its page, its search and its filters in the address, so that links and "back" work.
import { useCallback } from 'react';
import { useSearchParams } from 'react-router';

export const SIZES = [10, 20, 50, 100] as const;

export interface Paging {
  page: number;
  size: number;
  /** For the cloud API. */
  offset: number;
  limit: number;
  go: (page: number) => void;
  resize: (size: number) => void;
  /** A search or a filter of the address. */
  get: (name: string) => string;
  /** Sets searches and filters, and goes to the first page. */
  put: (changes: Record<string, string>) => void;
}

/** `prefix` keeps two lists of one page apart. */
export function usePage(prefix = ''): Paging {
  const [params, setParams] = useSearchParams();
  const page = Math.max(1, Number(params.get(`${prefix}page`)) || 1);
  const given = Number(params.get(`${prefix}size`));
  const size = SIZES.find((one) => one === given) ?? SIZES[0];

  const change = useCallback(
    (changes: Record<string, string>) => {
      setParams(
        (old) => {
          const next = new URLSearchParams(old);
          for (const [name, value] of Object.entries(changes)) {
            if (value) next.set(prefix + name, value);
            else next.delete(prefix + name);
          }
          return next;
        },
        { replace: true },
      );
    },
    [prefix, setParams],
  );
  return {
    page,
    size,
    offset: (page - 1) * size,
    limit: size,
    go: (to) => change({ page: to === 1 ? '' : String(to) }),
    resize: (to) => change({ page: '', size: String(to) }),
    get: (name) => params.get(prefix + name) ?? '',
    put: (changes) => change({ page: '', ...changes }),
  };
}

/** The numbers that a pager shows: first, last, the neighbours; 0 is a gap. */
export function pageNumbers(page: number, last: number): number[] {
  const near = [page - 2, page - 1, page, page + 1, page + 2];
  const shown = new Set([1, ...near, last]);
  if (page < 4) for (const n of [2, 3, 4, 5]) shown.add(n);
  if (page > last - 3) for (const n of [last - 1, last - 2, last - 3, last - 4]) shown.add(n);
  const numbers = [...shown].filter((n) => n >= 1 && n <= last).sort((a, b) => a - b);
  return numbers.flatMap((n, i) => (i > 0 && n - (numbers[i - 1] ?? 0) > 1 ? [0, n] : [n]));
}
