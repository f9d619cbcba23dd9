// The place where boxes are checked and one of few is chosen: native inputs, so that keyboards and readers work.
import { useEffect, useId, useRef, type ReactNode } from 'react';
import type { Option } from './inputs';

interface CheckboxProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  children?: ReactNode;
  /** The accessible name, where no text stands beside. */
  label?: string;
  /** Some of many are. */
  indeterminate?: boolean;
  disabled?: boolean;
}

export function Checkbox({
  checked,
  onChange,
  children,
  label,
  indeterminate = false,
  disabled,
}: CheckboxProps) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current) box.current.indeterminate = indeterminate;
  }, [indeterminate]);
  return (
    <label className="k-check">
      <input
        ref={box}
        type="checkbox"
        checked={checked}
        disabled={disabled}
        aria-label={label}
        onChange={(event) => onChange(event.target.checked)}
      />
      {children !== undefined && <span>{children}</span>}
    </label>
  );
}

interface RadiosProps<V extends string | number> {
  label: string;
  value: V | undefined;
  options: readonly Option<V>[];
  onChange: (value: V) => void;
  disabled?: boolean;
  /** Segments instead of dots. */
  segmented?: boolean;
}

/** One of few, all in sight. */
export function Radios<V extends string | number>(props: RadiosProps<V>) {
  const { label, value, options, onChange, disabled, segmented } = props;
  const name = useId();
  return (
    <div className={segmented ? 'k-segments' : 'k-radios'} role="radiogroup" aria-label={label}>
      {options.map((one) => (
        <label key={one.value} className={segmented ? undefined : 'k-check'}>
          <input
            type="radio"
            name={name}
            checked={one.value === value}
            disabled={disabled || one.disabled}
            onChange={() => onChange(one.value)}
          />
          <span>{one.text}</span>
        </label>
      ))}
    </div>
  );
}
