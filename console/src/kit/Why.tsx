// The place where a disabled control says why it is.
import type { ReactElement } from 'react';
import { Tooltip } from 'tdesign-react/es/tooltip';

/** A tooltip that also works over a disabled control; without a text, only the control. */
export function Why({ text, children }: { text: string | undefined; children: ReactElement }) {
  if (!text) return children;
  return (
    <Tooltip content={text}>
      <span>{children}</span>
    </Tooltip>
  );
}
