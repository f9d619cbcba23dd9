// The place where controls of the component library get the names and ids that it cannot be given.
import { useLayoutEffect, useRef, type ReactNode } from 'react';

const CONTROL = 'input:not([type=hidden]):not([type=file]), textarea, button[role=switch]';

interface Names {
  /** The accessible name, where no <label> stands beside. */
  label?: string;
  id?: string;
  role?: string;
  describedBy?: string;
  invalid?: boolean;
  /** Of a combobox: whether its list is open, and the list's id. */
  expanded?: boolean;
  controls?: string;
  required?: boolean;
  /** Of a switch. */
  checked?: boolean;
}

/** Sets the attributes on the first control inside; the library keeps what it does not know. */
export function Named({ children, ...names }: Names & { children: ReactNode }) {
  const box = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const control = box.current?.querySelector(CONTROL);
    if (!control) return;
    const put = (name: string, value: string | undefined) => {
      if (value) control.setAttribute(name, value);
      else control.removeAttribute(name);
    };
    if (names.label !== undefined) put('aria-label', names.label);
    if (names.id !== undefined) {
      put('id', names.id);
      put('aria-describedby', names.describedBy);
      put('aria-invalid', names.invalid ? 'true' : undefined);
      put('aria-required', names.required ? 'true' : undefined);
    }
    if (names.role !== undefined) put('role', names.role);
    if (names.checked !== undefined) put('aria-checked', String(names.checked));
    if (names.expanded !== undefined) {
      put('aria-expanded', String(names.expanded));
      put('aria-haspopup', 'listbox');
      put('aria-controls', names.expanded ? names.controls : undefined);
    }
  });
  return (
    <span ref={box} className="k-named">
      {children}
    </span>
  );
}
