// The place where a list of devices learns who came and who went, without asking again for each.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useLive } from '../../api/live';

/** The list's times are fetched again at most this often, however many devices come and go. */
const PAUSE = 3_000;

/** Newest states by device name, of what changed since the list was fetched at `fetched`. */
export function useLiveStatus(productId: string | undefined, fetched: number): ReadonlyMap<string, number> {
  const client = useQueryClient();
  const [changed, setChanged] = useState<ReadonlyMap<string, number>>(new Map());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  useEffect(() => setChanged(new Map()), [productId, fetched]);
  useEffect(() => () => clearTimeout(timer.current), []);

  useLive(productId ? `product/${productId}/status` : undefined, {
    onDelta: ({ Devices = [] }) => {
      setChanged((old) => new Map([...old, ...Devices.map((one) => [one.DeviceName, one.Status] as const)]));
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        void client.invalidateQueries({ queryKey: ['GetDeviceList'] });
      }, PAUSE);
    },
  });
  return changed;
}
