// The place where JSON is read and written; the editor comes when the first one is shown.
import { lazy, Suspense } from 'react';
import { Skeleton } from './page';

const CodeMirror = lazy(() => import('./CodeMirror'));

export interface CodeProps {
  label: string;
  value: string;
  /** Left out: read only. */
  onChange?: (text: string) => void;
  /** CSS height; the editor grows up to it. */
  height?: string;
}

/** A JSON editor, or a reader of it. */
export function Code(props: CodeProps) {
  return (
    <Suspense fallback={<Skeleton rows={8} />}>
      <CodeMirror {...props} />
    </Suspense>
  );
}

/** JSON with line breaks; what is no JSON stays as it is. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
