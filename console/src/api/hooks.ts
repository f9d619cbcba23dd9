// The place where pages get data: queries cached by action and parameters, mutations that say how they went.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { say } from '../kit/say';
import { ApiError, call } from './client';
import type { ActionName, Actions } from './gen';
import { errorText } from './errors';

interface Asking {
  /** False: do not ask yet. */
  enabled?: boolean;
  /** Milliseconds between refreshes. */
  every?: number;
  /** Show the former page while the next one loads. */
  keep?: boolean;
}

/** The answer of a reading action: `data`, `error`, `isPending`, `refetch`. */
export function useCall<A extends ActionName>(action: A, params: Actions[A][0], asking: Asking = {}) {
  return useQuery<Actions[A][1], ApiError>({
    queryKey: [action, params],
    queryFn: ({ signal }) => call(action, params, signal),
    enabled: asking.enabled,
    refetchInterval: asking.every,
    placeholderData: asking.keep ? keepPreviousData : undefined,
  });
}

interface Doing<A extends ActionName> {
  /** Said when it worked. */
  done?: string;
  /** Reading actions whose answers are stale now. */
  stale?: ActionName[];
  onDone?: (response: Actions[A][1], params: Actions[A][0]) => void;
  /** The caller shows errors itself. */
  quiet?: boolean;
}

/** A writing action: `run(params)` for event handlers, `runAsync` where the caller waits. */
export function useAction<A extends ActionName>(action: A, doing: Doing<A> = {}) {
  const client = useQueryClient();
  const { t } = useTranslation();
  const mutation = useMutation<Actions[A][1], ApiError, Actions[A][0]>({
    mutationFn: (params) => call(action, params),
    onSuccess: async (response, params) => {
      if (doing.done) say.success(doing.done);
      doing.onDone?.(response, params);
      await Promise.all((doing.stale ?? []).map((name) => client.invalidateQueries({ queryKey: [name] })));
    },
    onError: (error) => {
      if (!doing.quiet && !error.signedOut) say.error(errorText(t, error));
    },
  });
  return { run: mutation.mutate, runAsync: mutation.mutateAsync, busy: mutation.isPending };
}
