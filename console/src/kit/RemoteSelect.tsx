// The place where one of many is chosen: the server searches, at most fifty are shown.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { Select, type Option } from './inputs';

export const SHOWN = 50;
const PAUSE = 300;

interface RemoteSelectProps {
  label?: string;
  value: string | undefined;
  /** The text of `value` while it is not among what was found. */
  valueText?: string;
  onChange: (value: string, option: Option) => void;
  onClear?: () => void;
  /** Asks the server; at most `SHOWN` of it are shown. */
  find: (text: string, signal: AbortSignal) => Promise<Option[]>;
  /** Two selects that find the same things share this. */
  cacheKey: readonly unknown[];
  placeholder?: string;
  disabled?: boolean;
  className?: string;
}

export function RemoteSelect(props: RemoteSelectProps) {
  const { value, valueText, onChange, find, cacheKey, ...rest } = props;
  const [text, setText] = useState('');
  const settled = useSettled(text);
  const found = useQuery({
    queryKey: [...cacheKey, 'find', settled],
    queryFn: ({ signal }) => find(settled, signal),
    placeholderData: (old) => old,
  });
  const options = useMemo(() => {
    const list = (found.data ?? []).slice(0, SHOWN);
    const missing = value && valueText && !list.some((one) => one.value === value);
    return missing ? [{ value, text: valueText }, ...list] : list;
  }, [found.data, value, valueText]);
  return (
    <Select
      {...rest}
      filterable
      value={value}
      loading={found.isFetching && !found.data}
      options={options}
      onSearch={setText}
      onChange={(chosen) => {
        const option = options.find((one) => one.value === chosen);
        if (option) onChange(chosen, option);
      }}
    />
  );
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
