// The place where times become text: always YYYY-MM-DD HH:mm:ss, in the browser's time zone.

/** Figures below this are seconds, above milliseconds: the cloud API uses both. */
const SECONDS_BELOW = 100_000_000_000;

export const NONE = '—';

const two = (n: number) => String(n).padStart(2, '0');

/** Milliseconds of a time of the cloud API; `undefined` for "never". */
export function millis(time: number | undefined): number | undefined {
  if (!time || time <= 0) return undefined;
  return time < SECONDS_BELOW ? time * 1000 : time;
}

export function formatTime(time: number | undefined, withMillis = false): string {
  const ms = millis(time);
  if (ms === undefined) return NONE;
  const at = new Date(ms);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return withMillis ? `${day} ${clock}.${String(at.getMilliseconds()).padStart(3, '0')}` : `${day} ${clock}`;
}

/** A count with thin groups of three, the same in both languages. */
export function formatCount(n: number | undefined): string {
  return n === undefined ? NONE : String(Math.trunc(n)).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}
