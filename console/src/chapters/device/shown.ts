// The place where the control panel decides what to show, and reads what became of what it sent.
import type { Property } from '../../thing-model/types';
import { firstValue, fromJson } from '../../thing-model/values';
import type { Known } from './properties';

/** What the control shows while its user has chosen nothing: what is wanted, else what is, else a first value. */
export function shownValue({ define }: Property, known: Known | undefined): unknown {
  return fromJson(known?.desired) ?? fromJson(known?.value) ?? firstValue(define);
}

/** `Result` of ControlDeviceData: whether the message went out to the device. */
export function wasSent(result: string | undefined): boolean {
  const read = fromJson(result);
  return typeof read === 'object' && read !== null && (read as { Sent?: number }).Sent === 1;
}
