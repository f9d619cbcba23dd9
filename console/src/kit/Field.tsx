// The place where a form's field has its label, its help and its error; and where a form keeps its values.
import { useCallback, useId, useState, type ReactNode } from 'react';
import { Named } from './Named';

interface FieldProps {
  label: string;
  children: ReactNode;
  required?: boolean;
  error?: string;
  help?: ReactNode;
  /** Several controls stand inside: they are a group with this label, each names itself. */
  group?: boolean;
  /** Beside the label, on the right. */
  extra?: ReactNode;
  className?: string;
}

/** A labelled control. Errors are tied to it for screen readers. */
export function Field({ label, children, required, error, help, group, extra, className }: FieldProps) {
  const id = useId();
  const note = error ?? help;
  const noteId = note ? `${id}note` : undefined;
  const Label = group ? 'span' : 'label';
  return (
    <div
      className={`k-field ${error ? 'is-wrong' : ''} ${className ?? ''}`}
      role={group ? 'group' : undefined}
      aria-labelledby={group ? `${id}label` : undefined}
    >
      <div className="k-field-head">
        <Label
          className={required ? 'k-field-label is-required' : 'k-field-label'}
          id={`${id}label`}
          htmlFor={group ? undefined : id}
        >
          {label}
        </Label>
        {extra}
      </div>
      {group ? (
        children
      ) : (
        <Named id={id} describedBy={noteId} invalid={error !== undefined} required={required}>
          {children}
        </Named>
      )}
      {note && (
        <div id={noteId} className="k-field-note" role={error ? 'alert' : undefined}>
          {note}
        </div>
      )}
    </div>
  );
}

type Errors<T> = Partial<Record<keyof T & string, string>>;

export interface Form<T extends object> {
  values: T;
  set: <K extends keyof T & string>(key: K, value: T[K]) => void;
  setAll: (values: T) => void;
  /** `{value, onChange, onBlur}` of a control. */
  bind: <K extends keyof T & string>(
    key: K,
  ) => { value: T[K]; onChange: (value: unknown) => void; onBlur: () => void };
  /** What is wrong with a field, once its user has left it or tried to send. */
  error: (key: keyof T & string) => string | undefined;
  /** The server found fault with a field. */
  blame: (key: keyof T & string, text: string) => void;
  /** Everything is shown as checked; true if nothing is wrong. */
  check: () => boolean;
  changed: boolean;
}

/** Values, and what `check` finds wrong with them. */
export function useForm<T extends object>(initial: T, check: (values: T) => Errors<T>): Form<T> {
  const [values, setAll] = useState(initial);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [tried, setTried] = useState(false);
  const [blamed, setBlamed] = useState<Errors<T>>({});
  const [changed, setChanged] = useState(false);
  const errors = check(values);

  const set = useCallback(<K extends keyof T & string>(key: K, value: T[K]) => {
    setChanged(true);
    setAll((old) => ({ ...old, [key]: value }));
    setBlamed((old) => ({ ...old, [key]: undefined }));
  }, []);

  return {
    values,
    set,
    setAll,
    bind: (key) => ({
      value: values[key],
      onChange: (value) => set(key, value as T[typeof key]),
      onBlur: () => setLeft((old) => new Set(old).add(key)),
    }),
    error: (key) => blamed[key] ?? (tried || left.has(key) ? errors[key] : undefined),
    blame: (key, text) => setBlamed((old) => ({ ...old, [key]: text })),
    check: () => {
      setTried(true);
      return Object.values(errors).every((text) => text === undefined);
    },
    changed,
  };
}
