// The place where a log's range of time is kept; "the last hour" moves on when the log is refreshed.
import { useCallback, useState } from 'react';
import { lastly, type Range, type Span } from '../../kit';

export interface Ranging {
  range: Range;
  span: Span | undefined;
  choose: (range: Range, span: Span | undefined) => void;
  /** True if the range moved on; else the same question has to be asked again. */
  renew: () => boolean;
}

export function useRange(first: Span): Ranging {
  const [chosen, setChosen] = useState<{ range: Range; span: Span | undefined }>(() => ({
    range: lastly(first),
    span: first,
  }));
  const { span } = chosen;
  const choose = useCallback((range: Range, next: Span | undefined) => setChosen({ range, span: next }), []);
  const renew = useCallback(() => {
    if (!span) return false;
    setChosen({ range: lastly(span), span });
    return true;
  }, [span]);
  return { ...chosen, choose, renew };
}
