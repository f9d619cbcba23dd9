// The place where the console's parts are put together.
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { RouterProvider } from 'react-router/dom';
import { ApiError, watchCalls } from '../api/client';
import { tagOf, type Language } from '../i18n';
import i18next from 'i18next';
import { confirm } from '../kit';
import { LibraryWords } from '../kit/LibraryWords';
import { router } from './routes';
import { useSession } from './session';

watchCalls({
  language: () => tagOf(i18next.language as Language),
  signedOut: () => useSession.getState().leave(true),
});

/** Denied by policy (G-07): the same dialog everywhere. */
function onError(error: unknown): void {
  if (!(error instanceof ApiError) || !error.forbidden) return;
  confirm({
    title: i18next.t('said.forbidden'),
    body: `${i18next.t('said.forbiddenText')} (${error.requestId})`,
    run: () => Promise.resolve(),
  });
}

const client = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 3_000,
      retry: (count, error) => error instanceof ApiError && error.code === 'Network' && count < 2,
    },
  },
});

export function App() {
  const { i18n } = useTranslation();
  return (
    <LibraryWords language={i18n.language as Language}>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </LibraryWords>
  );
}
