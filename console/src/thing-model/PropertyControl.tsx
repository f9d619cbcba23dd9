// The place where a value of a thing model gets the control that its type asks for.
import { AddIcon, DeleteIcon } from 'tdesign-icons-react';
import { useTranslation } from 'react-i18next';
import { Button, Input, NumberInput, Radios, Select, Switch, TimeInput } from '../kit';
import { STRING_LENGTH_USUAL } from '../limits';
import { readValue } from './format';
import './control.css';
import type { ArrayDefine, BoolDefine, Define, EnumDefine, NumberDefine, StructDefine } from './types';
import { decimals, firstValue } from './values';

interface ControlProps<D extends Define = Define> {
  define: D;
  value: unknown;
  onChange: (value: unknown) => void;
  /** The accessible name. */
  label: string;
  disabled?: boolean;
}

export function PropertyControl(props: ControlProps) {
  const { define } = props;
  switch (define.type) {
    case 'bool':
      return <BoolControl {...props} define={define} />;
    case 'enum':
    case 'stringenum':
      return <EnumControl {...props} define={define} />;
    case 'int':
    case 'float':
      return <NumberControl {...props} define={define} />;
    case 'string':
      return (
        <Input
          label={props.label}
          value={String(readValue(define, props.value) ?? '')}
          maxlength={Number(define.max || STRING_LENGTH_USUAL)}
          showLimitNumber
          disabled={props.disabled}
          onChange={props.onChange}
        />
      );
    case 'timestamp':
      return (
        <TimeInput
          label={props.label}
          value={Number(readValue(define, props.value)) || undefined}
          disabled={props.disabled}
          onChange={props.onChange}
        />
      );
    case 'struct':
      return <StructControl {...props} define={define} />;
    case 'array':
      return <ArrayControl {...props} define={define} />;
  }
}

function BoolControl({ define, value, onChange, label, disabled }: ControlProps<BoolDefine>) {
  const on = readValue(define, value) === 1;
  return (
    <span className="c-bool">
      <Switch label={label} value={on} disabled={disabled} onChange={(next) => onChange(next ? 1 : 0)} />
      <span aria-hidden="true">{define.mapping[on ? '1' : '0']}</span>
    </span>
  );
}

/** More, or longer ones, stand in a list that opens. */
const SEGMENTS = 4;
const SEGMENT_CHARS = 24;

function EnumControl({ define, value, onChange, label, disabled }: ControlProps<EnumDefine>) {
  const options = Object.entries(define.mapping).map(([key, text]) => ({ value: key, text }));
  const short = options.map((one) => one.text).join('').length <= SEGMENT_CHARS;
  const chosen = readValue(define, value);
  const props = {
    label,
    disabled,
    options,
    value: chosen === undefined ? undefined : String(chosen),
    onChange: (key: string) => onChange(define.type === 'enum' ? Number(key) : key),
  };
  if (options.length <= SEGMENTS && short) return <Radios {...props} segmented />;
  return <Select {...props} filterable={options.length > 10} />;
}

function NumberControl({ define, value, onChange, label, disabled }: ControlProps<NumberDefine>) {
  const { t } = useTranslation();
  const min = define.min ? Number(define.min) : undefined;
  const max = define.max ? Number(define.max) : undefined;
  const step = Number(define.step) || (define.type === 'int' ? 1 : 0.1);
  const now = readValue(define, value);
  const number = typeof now === 'number' ? now : undefined;
  return (
    <span className="c-number">
      {min !== undefined && max !== undefined && (
        <input
          type="range"
          aria-label={t('device.sliderOf', { name: label })}
          min={min}
          max={max}
          step={step}
          value={number ?? min}
          disabled={disabled}
          style={{ '--done': `${share(number ?? min, min, max)}%` } as React.CSSProperties}
          onChange={(event) => onChange(Number(event.target.value))}
        />
      )}
      <NumberInput
        label={label}
        value={number}
        min={min}
        max={max}
        step={step}
        decimalPlaces={define.type === 'int' ? 0 : decimals(define.step) || undefined}
        disabled={disabled}
        onChange={(next) => onChange(next === undefined || next === null ? undefined : Number(next))}
      />
      {define.unit && (
        <span className="c-unit" aria-hidden="true">
          {define.unit}
        </span>
      )}
    </span>
  );
}

const share = (value: number, min: number, max: number) =>
  max > min ? Math.min(100, Math.max(0, ((value - min) / (max - min)) * 100)) : 0;

function StructControl({ define, value, onChange, label, disabled }: ControlProps<StructDefine>) {
  const read = readValue(define, value);
  const fields = (typeof read === 'object' && read !== null ? read : {}) as Record<string, unknown>;
  return (
    <div className="c-group" role="group" aria-label={label}>
      {define.specs.map((field) => (
        <div key={field.id} className="c-field">
          <span className="c-field-name" title={field.id}>
            {field.name}
          </span>
          <PropertyControl
            define={field.dataType}
            label={`${label} · ${field.name}`}
            value={fields[field.id] ?? firstValue(field.dataType)}
            disabled={disabled}
            onChange={(next) => onChange({ ...fields, [field.id]: next })}
          />
        </div>
      ))}
    </div>
  );
}

function ArrayControl({ define, value, onChange, label, disabled }: ControlProps<ArrayDefine>) {
  const { t } = useTranslation();
  const read = readValue(define, value);
  const items: unknown[] = Array.isArray(read) ? read : [];
  return (
    <div className="c-group" role="group" aria-label={label}>
      {items.map((item, n) => (
        <div key={n} className="c-item">
          <span className="c-index" aria-hidden="true">
            {n}
          </span>
          <PropertyControl
            define={define.arrayInfo}
            label={`${label} ${n}`}
            value={item}
            disabled={disabled}
            onChange={(next) => onChange(items.map((one, m) => (m === n ? next : one)))}
          />
          <button
            type="button"
            className="k-icon-button"
            aria-label={t('device.removeItem', { name: label, n })}
            disabled={disabled}
            onClick={() => onChange(items.filter((_, m) => m !== n))}
          >
            <DeleteIcon />
          </button>
        </div>
      ))}
      <Button
        size="small"
        variant="dashed"
        theme="default"
        icon={<AddIcon />}
        disabled={disabled}
        aria-label={t('device.addItem', { name: label })}
        onClick={() => onChange([...items, firstValue(define.arrayInfo)])}
      >
        {t('device.addElement')}
      </Button>
    </div>
  );
}
