// The place where a page or a card has leaves: tabs that are links, and tabs that are not.
import { useRef, type KeyboardEvent, type ReactNode } from 'react';
import { NavLink } from 'react-router';

export interface Tab<V extends string = string> {
  value: V;
  text: string;
  count?: number;
}

interface TabsProps<V extends string> {
  label: string;
  value: V;
  tabs: readonly Tab<V>[];
  onChange: (value: V) => void;
  extra?: ReactNode;
}

/** Tabs of a card; the caller shows what belongs to `value`. */
export function Tabs<V extends string>({ label, value, tabs, onChange, extra }: TabsProps<V>) {
  const list = useRef<HTMLDivElement>(null);
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const at = (tabs.findIndex((tab) => tab.value === value) + step + tabs.length) % tabs.length;
    const next = tabs[at];
    if (!next) return;
    onChange(next.value);
    list.current?.querySelectorAll<HTMLElement>('[role=tab]')[at]?.focus();
  };
  return (
    <div className="k-tabs">
      <div ref={list} role="tablist" aria-label={label} onKeyDown={onKey}>
        {tabs.map((tab) => (
          <button
            key={tab.value}
            type="button"
            role="tab"
            aria-selected={tab.value === value}
            tabIndex={tab.value === value ? 0 : -1}
            onClick={() => onChange(tab.value)}
          >
            {tab.text}
            {tab.count !== undefined && <small>{tab.count}</small>}
          </button>
        ))}
      </div>
      {extra && <div className="k-tabs-extra">{extra}</div>}
    </div>
  );
}

/** Tabs of a page: each has its own address. */
export function TabLinks({ label, tabs }: { label: string; tabs: readonly { to: string; text: string }[] }) {
  return (
    <nav className="k-tabs" aria-label={label}>
      <div>
        {tabs.map((tab) => (
          <NavLink key={tab.to} to={tab.to} className="k-tab">
            {tab.text}
          </NavLink>
        ))}
      </div>
    </nav>
  );
}

/** The steps of a road, each with its own address. */
export function StepLinks({
  label,
  steps,
}: {
  label: string;
  steps: readonly { to: string; text: string }[];
}) {
  return (
    <nav className="k-steps" aria-label={label}>
      {steps.map((step, n) => (
        <NavLink key={step.to} to={step.to} className="k-step">
          <i aria-hidden="true">{n + 1}</i>
          {step.text}
        </NavLink>
      ))}
    </nav>
  );
}
