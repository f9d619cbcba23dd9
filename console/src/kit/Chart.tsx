// The place where charts are drawn; the library comes when the first one is shown.
import { lazy, Suspense } from 'react';
import { Skeleton } from './page';
import type { Line } from './ChartCanvas';

const ChartCanvas = lazy(() => import('./ChartCanvas'));

interface ChartProps {
  /** What it shows, for those who cannot see it. */
  label: string;
  lines: Line[];
  height?: number;
  unit?: string;
  /** Steps between points instead of slopes: states. */
  step?: boolean;
}

export function Chart(props: ChartProps) {
  return (
    <Suspense fallback={<Skeleton rows={5} />}>
      <ChartCanvas {...props} />
    </Suspense>
  );
}

export type { Line };
