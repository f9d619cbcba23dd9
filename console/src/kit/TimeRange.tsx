// The place where a range of time is chosen: the last minutes, hours, days, or from-to.
import { useTranslation } from 'react-i18next';
import { DateRangePicker } from 'tdesign-react/es/date-picker';
import { Radios } from './choices';
import { formatTime } from './time';

/** Milliseconds since 1970. */
export interface Range {
  from: number;
  to: number;
}

const MINUTE = 60_000;
export const SPANS = {
  '15m': 15 * MINUTE,
  '1h': 60 * MINUTE,
  '24h': 1440 * MINUTE,
  '7d': 7 * 1440 * MINUTE,
} as const;
export type Span = keyof typeof SPANS;

/** From `span` ago until now. */
export function lastly(span: Span): Range {
  const to = Date.now();
  return { from: to - SPANS[span], to };
}

interface TimeRangeProps {
  label: string;
  value: Range;
  /** The quick choice that `value` came from. */
  span: Span | undefined;
  onChange: (range: Range, span: Span | undefined) => void;
}

export function TimeRange({ label, value, span, onChange }: TimeRangeProps) {
  const { t } = useTranslation();
  const spans = (Object.keys(SPANS) as Span[]).map((one) => ({ value: one, text: t(`range.${one}`) }));
  return (
    <div className="k-range" role="group" aria-label={label}>
      <Radios
        segmented
        label={label}
        value={span ?? ('' as Span)}
        options={spans}
        onChange={(chosen) => onChange(lastly(chosen), chosen)}
      />
      <DateRangePicker
        enableTimePicker
        format="YYYY-MM-DD HH:mm:ss"
        valueType="YYYY-MM-DD HH:mm:ss"
        value={[formatTime(value.from), formatTime(value.to)]}
        onChange={(given) => {
          const [from, to] = given.map((text) => new Date(String(text).replace(' ', 'T')).getTime());
          if (from && to) onChange({ from, to }, undefined);
        }}
      />
    </div>
  );
}
