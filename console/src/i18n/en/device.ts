// The place where the words of the device rooms are.
import type { Words } from '..';

export const device: Words['device'] = {
  title: 'Devices',
  debugTitle: 'Device debugging',
};
