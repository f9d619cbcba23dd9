// The place where the library's inputs get accessible names; pages use these and never the library's own.
import { useEffect, useId, useState, type ReactNode } from 'react';
import { Input as LibraryInput, type InputProps } from 'tdesign-react/es/input';
import { InputNumber as LibraryNumber, type InputNumberProps } from 'tdesign-react/es/input-number';
import { Select as LibrarySelect, type SelectProps } from 'tdesign-react/es/select';
import { Switch as LibrarySwitch, type SwitchProps } from 'tdesign-react/es/switch';
import { Textarea as LibraryTextarea, type TextareaProps } from 'tdesign-react/es/textarea';
import { Named } from './Named';

/** The accessible name; left out inside a <Field>, which names its control itself. */
interface Label {
  label?: string;
}

export function Input({ label, placeholder = '', ...props }: Omit<InputProps, 'label'> & Label) {
  return (
    <Named label={label}>
      <LibraryInput {...props} placeholder={placeholder} />
    </Named>
  );
}

export function Textarea({ label, placeholder = '', ...props }: TextareaProps & Label) {
  return (
    <Named label={label}>
      <LibraryTextarea {...props} placeholder={placeholder} />
    </Named>
  );
}

export function NumberInput({ label, ...props }: Omit<InputNumberProps, 'label'> & Label) {
  return (
    <Named label={label} role="spinbutton">
      <LibraryNumber theme="column" {...props} />
    </Named>
  );
}

export function Switch({ label, ...props }: Omit<SwitchProps<boolean>, 'label'> & Label) {
  return (
    <Named label={label} checked={props.value ?? false}>
      <LibrarySwitch {...props} />
    </Named>
  );
}

export interface Option<V extends string | number = string> {
  value: V;
  text: string;
  /** A second, quieter text on the right. */
  note?: string;
  disabled?: boolean;
}

interface ChoiceProps<V extends string | number> extends Label {
  value: V | undefined;
  options: readonly Option<V>[];
  onChange: (value: V) => void;
  /** The clear button was used. */
  onClear?: () => void;
  placeholder?: string;
  filterable?: boolean;
  loading?: boolean;
  disabled?: boolean;
  size?: SelectProps['size'];
  className?: string;
  onSearch?: (text: string) => void;
  onBlur?: () => void;
  /** Stands below the options. */
  foot?: ReactNode;
}

/** One of several, in a list that opens. */
export function Select<V extends string | number>(props: ChoiceProps<V>) {
  const { label, options, onChange, onClear, onSearch, foot, value, onBlur, ...rest } = props;
  const [open, setOpen] = useState(false);
  const listId = useId();
  useEffect(() => {
    if (open) markList(listId);
  }, [open, options, listId]);
  return (
    <Named label={label} role="combobox" expanded={open} controls={listId}>
      <LibrarySelect
        {...rest}
        value={value ?? ''}
        clearable={onClear !== undefined}
        onClear={onClear}
        onSearch={onSearch}
        onBlur={onBlur}
        filter={onSearch ? () => true : undefined}
        onPopupVisibleChange={setOpen}
        popupProps={{ overlayInnerStyle: (trigger) => ({ minWidth: trigger.offsetWidth }) }}
        panelBottomContent={foot}
        options={options.map((one) => ({
          value: one.value,
          label: one.text,
          disabled: one.disabled,
          content: one.note ? (
            <span className="k-option">
              <span>{one.text}</span>
              <small>{one.note}</small>
            </span>
          ) : undefined,
        }))}
        onChange={(given) => {
          if (given !== undefined && given !== '') onChange(given as V);
        }}
      />
    </Named>
  );
}

/** The library's list has no roles; the one that opened last belongs to this select. */
function markList(id: string): void {
  requestAnimationFrame(() => {
    const shown = [...document.querySelectorAll<HTMLElement>('.t-select__list')].filter(
      (list) => list.offsetParent,
    );
    for (const list of shown) {
      list.setAttribute('role', 'listbox');
      for (const item of list.querySelectorAll('.t-select-option')) item.setAttribute('role', 'option');
    }
    shown.at(-1)?.setAttribute('id', id);
  });
}
