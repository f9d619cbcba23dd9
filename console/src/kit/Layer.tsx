// The place where dialogs and drawers lie over the page: focus stays inside, Escape closes, the page behind is still.
import { CloseIcon } from 'tdesign-icons-react';
import { useEffect, useId, useRef, type KeyboardEvent, type ReactNode, type RefObject } from 'react';
import { createPortal } from 'react-dom';
import { useTranslation } from 'react-i18next';

const FOCUSABLE =
  'a[href], button:not([disabled]), input:not([disabled]), textarea:not([disabled]), [tabindex="0"]';

interface LayerProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  footer?: ReactNode;
  /** Pixels; never wider than the window. */
  width?: number;
  /** Slides in from the right and is as high as the window. */
  side?: boolean;
  /** Escape and a click beside it do not close it: something would be lost. */
  stay?: boolean;
  /** Buttons beside the title. */
  extra?: ReactNode;
}

/** A dialog (or a drawer, with `side`). Mount it to open it. */
export function Layer({
  title,
  onClose,
  children,
  footer,
  width = 520,
  side,
  stay = false,
  extra,
}: LayerProps) {
  const { t } = useTranslation();
  const titleId = useId();
  const box = useRef<HTMLDivElement>(null);
  useStillPage(box);
  useEscape(stay, onClose);

  return createPortal(
    <div
      className={side ? 'k-layer k-layer-side' : 'k-layer'}
      onKeyDown={(event) => event.key === 'Tab' && keepInside(event, box.current)}
      onMouseDown={(event) => side && !stay && event.target === event.currentTarget && onClose()}
    >
      <div
        ref={box}
        role="dialog"
        aria-modal="true"
        aria-labelledby={titleId}
        tabIndex={-1}
        className="k-layer-box"
        style={{ width: `min(${width}px, calc(100vw - ${side ? 24 : 48}px))` }}
      >
        <div className="k-layer-head">
          <h2 id={titleId}>{title}</h2>
          {extra}
          <button type="button" className="k-icon-button" aria-label={t('do.close')} onClick={onClose}>
            <CloseIcon />
          </button>
        </div>
        <div className="k-layer-body">{children}</div>
        {footer && <div className="k-layer-foot">{footer}</div>}
      </div>
    </div>,
    document.body,
  );
}

const FIRST = '.k-layer-body input:not(:disabled), .k-layer-body textarea:not(:disabled)';

function useStillPage(box: RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    const before = document.activeElement;
    const first = box.current?.querySelector<HTMLElement>(FIRST);
    (first ?? box.current)?.focus({ preventScroll: true });
    document.body.classList.add('k-still');
    return () => {
      if (!document.querySelector('.k-layer')) document.body.classList.remove('k-still');
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, [box]);
}

/** Layers that lie over each other; Escape closes the one on top. */
const stack: symbol[] = [];

function useEscape(stay: boolean, onClose: () => void): void {
  const newest = useRef(onClose);
  useEffect(() => {
    newest.current = () => !stay && onClose();
  });
  useEffect(() => {
    const me = Symbol('layer');
    stack.push(me);
    const onKey = (event: globalThis.KeyboardEvent) => {
      const mine = event.key === 'Escape' && !event.defaultPrevented && stack.at(-1) === me;
      if (mine && !listIsOpen()) newest.current();
    };
    document.addEventListener('keydown', onKey);
    return () => {
      stack.splice(stack.indexOf(me), 1);
      document.removeEventListener('keydown', onKey);
    };
  }, []);
}

/** A list of a select takes Escape for itself. */
function listIsOpen(): boolean {
  const lists = [...document.querySelectorAll<HTMLElement>('.t-select__list')];
  return lists.some((list) => list.offsetParent !== null);
}

function keepInside(event: KeyboardEvent, box: HTMLElement | null): void {
  const inside = [...(box?.querySelectorAll<HTMLElement>(FOCUSABLE) ?? [])].filter((one) => one.offsetParent);
  const first = inside[0];
  const last = inside.at(-1);
  if (event.shiftKey && (document.activeElement === first || document.activeElement === box)) {
    event.preventDefault();
    last?.focus();
  } else if (!event.shiftKey && document.activeElement === last) {
    event.preventDefault();
    first?.focus();
  }
}
