// The place where a point of time is chosen.
import { DatePicker } from 'tdesign-react/es/date-picker';
import { Named } from './Named';
import { formatTime } from './time';

interface TimeInputProps {
  /** The accessible name; left out inside a <Field>. */
  label?: string;
  /** Seconds since 1970. */
  value: number | undefined;
  onChange: (seconds: number) => void;
  disabled?: boolean;
}

export function TimeInput({ label, value, onChange, disabled }: TimeInputProps) {
  return (
    <Named label={label}>
      <DatePicker
        enableTimePicker
        disabled={disabled}
        format="YYYY-MM-DD HH:mm:ss"
        valueType="YYYY-MM-DD HH:mm:ss"
        value={value ? formatTime(value) : ''}
        onChange={(given) => {
          const at = new Date(String(given).replace(' ', 'T')).getTime();
          if (at) onChange(Math.floor(at / 1000));
        }}
      />
    </Named>
  );
}
