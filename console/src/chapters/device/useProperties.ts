// The place where the newest values of a device's properties are kept while a page shows them.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { DeviceProperty } from '../../api/gen';
import { useCall } from '../../api/hooks';
import { useLive } from '../../api/live';
import { useDevice } from './context';
import { merge, type Properties } from './properties';

/** While the live line is down, milliseconds between questions. */
const EVERY = 5_000;
/** A line that is just being made is not down. */
const PATIENCE = 2_000;

/** Latest and desired values by id; live, or asked for while the line is down. */
export function useProperties(): { known: Properties | undefined; connected: boolean; error: unknown } {
  const { productId, name, key } = useDevice();
  const client = useQueryClient();
  const [known, setKnown] = useState<Properties>();
  const [ended, setEnded] = useState(false);
  const take = (news: readonly DeviceProperty[]) => setKnown((old) => merge(old ?? new Map(), news));
  const connected = useLive(`device/${productId}/${name}/props`, {
    onSnapshot: (data) => take(data.Properties ?? []),
    onDelta: (data) => take(data.Properties ?? []),
    onEnd: () => {
      setEnded(true);
      // The page of the device finds out whether it was deleted.
      void client.invalidateQueries({ queryKey: ['DescribeDevice'] });
    },
  });
  const down = useDown(connected && !ended);
  const asked = useCall('DescribeDeviceProperties', key, { enabled: down, every: down ? EVERY : undefined });
  const seen = useRef<number>(0);
  useEffect(() => {
    if (!down || !asked.data || seen.current === asked.dataUpdatedAt) return;
    seen.current = asked.dataUpdatedAt;
    take(asked.data.Properties ?? []);
  }, [down, asked.data, asked.dataUpdatedAt]);
  return { known, connected: !down, error: known ? undefined : asked.error };
}

function useDown(connected: boolean): boolean {
  const [down, setDown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setDown(!connected), connected ? 0 : PATIENCE);
    return () => clearTimeout(timer);
  }, [connected]);
  return down;
}
