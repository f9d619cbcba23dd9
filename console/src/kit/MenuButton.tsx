// The place where a button opens a short menu.
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';

export interface MenuItem {
  text: ReactNode;
  onClick: () => void;
  current?: boolean;
  danger?: boolean;
  /** A line above. */
  apart?: boolean;
}

interface MenuButtonProps {
  label: string;
  children: ReactNode;
  items: MenuItem[];
  head?: ReactNode;
  className?: string;
  align?: 'left' | 'right';
}

export function MenuButton({
  label,
  children,
  items,
  head,
  className = '',
  align = 'right',
}: MenuButtonProps) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return undefined;
    const away = (event: MouseEvent) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('mousedown', away);
    box.current?.querySelector<HTMLElement>('[role^=menuitem]')?.focus();
    return () => document.removeEventListener('mousedown', away);
  }, [open]);

  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && open) {
      event.preventDefault();
      setOpen(false);
      button.current?.focus();
    }
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0 || !open) return;
    event.preventDefault();
    const all = [...(box.current?.querySelectorAll<HTMLElement>('[role^=menuitem]') ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    all[(at + step + all.length) % all.length]?.focus();
  };
  return (
    <div ref={box} className={`k-menu ${className}`} onKeyDown={onKey}>
      <button
        ref={button}
        type="button"
        className="k-menu-button"
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <span className="k-hidden">{label}</span>
        {children}
      </button>
      {open && (
        <div className={`k-menu-list is-${align}`} role="menu" aria-label={label}>
          {head}
          {items.map((item, n) => (
            <button
              key={n}
              type="button"
              role={item.current === undefined ? 'menuitem' : 'menuitemradio'}
              aria-checked={item.current}
              className={`${item.danger ? 'is-danger' : ''} ${item.apart ? 'is-apart' : ''}`}
              onClick={() => {
                setOpen(false);
                item.onClick();
              }}
            >
              {item.text}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
