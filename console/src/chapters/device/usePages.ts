// The place where a log is read page by page, each page led to by the context of the one before.
import { useInfiniteQuery } from '@tanstack/react-query';
import { call, type ApiError } from '../../api/client';
import type { ActionName, Actions } from '../../api/gen';

/** What the answers of all logs have. */
interface Part {
  Context?: string;
  Listover?: boolean;
}

type LogAction = {
  [A in ActionName]: Actions[A][1] extends Part
    ? Actions[A][0] extends { Context?: string }
      ? A
      : never
    : never;
}[ActionName];

/** Rows so far, and a way to more of them. `pick` takes the rows out of an answer. */
export function usePages<A extends LogAction, Row>(
  action: A,
  params: Actions[A][0],
  pick: (answer: Actions[A][1]) => Row[] | undefined,
) {
  const query = useInfiniteQuery<Actions[A][1], ApiError, { rows: Row[]; pages: number }, unknown[], string>({
    queryKey: [action, 'pages', params],
    queryFn: ({ pageParam, signal }) => call(action, { ...params, Context: pageParam || undefined }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => ((last as Part).Listover ? undefined : (last as Part).Context || undefined),
    select: (data) => ({ rows: data.pages.flatMap((page) => pick(page) ?? []), pages: data.pages.length }),
    staleTime: Infinity,
  });
  return {
    rows: query.data?.rows,
    pages: query.data?.pages ?? 0,
    loading: query.isPending,
    more: query.hasNextPage,
    loadingMore: query.isFetchingNextPage,
    failed: query.error,
    loadMore: () => void query.fetchNextPage(),
    retry: () => void query.refetch(),
  };
}

export type Pages<Row> = Omit<ReturnType<typeof usePages>, 'rows'> & { rows: Row[] | undefined };
