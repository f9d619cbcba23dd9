// The place where a page tells something that stays: a hint, a warning, an error with a way on.
import { CheckCircleFilledIcon, ErrorCircleFilledIcon, InfoCircleFilledIcon } from 'tdesign-icons-react';
import type { ReactNode } from 'react';

type Kind = 'info' | 'success' | 'warning' | 'error';

const ICONS = {
  info: InfoCircleFilledIcon,
  success: CheckCircleFilledIcon,
  warning: ErrorCircleFilledIcon,
  error: ErrorCircleFilledIcon,
};

export function Notice({
  kind = 'info',
  children,
  action,
}: {
  kind?: Kind;
  children: ReactNode;
  action?: ReactNode;
}) {
  const Icon = ICONS[kind];
  return (
    <div className={`k-notice k-notice-${kind}`} role={kind === 'error' ? 'alert' : 'note'}>
      <Icon aria-hidden="true" />
      <div className="k-notice-text">{children}</div>
      {action}
    </div>
  );
}
