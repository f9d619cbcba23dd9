import { describe, expect, it } from 'vitest';
import { formatCount, formatTime, millis } from '../../src/kit/time';
import { pageNumbers } from '../../src/kit/usePage';
import {
  describeDefine,
  formatValue,
  isNumeric,
  numericValue,
  readValue,
} from '../../src/thing-model/format';
import type { Define } from '../../src/thing-model/types';

const LAMP: Define = { type: 'bool', mapping: { '0': '关', '1': '开' } };
const COLOR: Define = { type: 'enum', mapping: { '0': 'Red', '2': 'Blue' } };
const MODE: Define = { type: 'stringenum', mapping: { eco: '节能' } };
const TEMPERATURE: Define = { type: 'float', min: '-40', max: '85', unit: '℃' };
const POSITION: Define = {
  type: 'struct',
  specs: [
    { id: 'latitude', name: '纬度', dataType: { type: 'float' } },
    { id: 'longtitude', name: '经度', dataType: { type: 'float' } },
  ],
};

describe('formatValue', () => {
  const check = (define: Define, wire: unknown, expected: string) =>
    expect(formatValue(define, wire)).toBe(expected);

  it('names members and keeps their values', () => {
    check(LAMP, '1', '开 (1)');
    check(LAMP, 0, '关 (0)');
    check(LAMP, true, '开 (1)');
    check(COLOR, 2, 'Blue (2)');
    check(MODE, 'eco', '节能 (eco)');
  });

  it('shows a value that the model does not know as it is', () => {
    check(COLOR, 7, '7');
    check(MODE, 'party', 'party');
    check(TEMPERATURE, 'NaN?', 'NaN? ℃');
  });

  it('adds units', () => {
    check(TEMPERATURE, '23.50', '23.5 ℃');
    check({ type: 'int' }, -3, '-3');
  });

  it('tells nothing from zero and from the empty text', () => {
    check(TEMPERATURE, undefined, '—');
    check(TEMPERATURE, '', '—');
    check(TEMPERATURE, 0, '0 ℃');
    check({ type: 'string' }, '', '');
  });

  it('writes structs and arrays as JSON, from JSON or from text', () => {
    check(POSITION, '{"latitude":22.5, "longtitude":113.9}', '{"latitude":22.5,"longtitude":113.9}');
    check({ type: 'array', arrayInfo: { type: 'int' } }, [1, 2], '[1,2]');
    check(POSITION, '{broken', '{broken');
  });

  it('writes times of seconds and of milliseconds alike', () => {
    const at = new Date(2026, 10, 23, 8, 12, 51).getTime();
    check({ type: 'timestamp' }, at, '2026-11-23 08:12:51');
    check({ type: 'timestamp' }, String(at / 1000), '2026-11-23 08:12:51');
  });
});

describe('readValue and numericValue', () => {
  it('reads numbers from texts and booleans', () => {
    expect(readValue(TEMPERATURE, '1e2')).toBe(100);
    expect(readValue(LAMP, false)).toBe(0);
    expect(readValue({ type: 'string' }, 42)).toBe('42');
  });

  it('gives charts only what is a number', () => {
    expect(numericValue(LAMP, '1')).toBe(1);
    expect(numericValue(TEMPERATURE, 'hot')).toBeUndefined();
    expect(numericValue(POSITION, '{}')).toBeUndefined();
    expect(isNumeric({ type: 'timestamp' })).toBe(false);
  });
});

describe('describeDefine', () => {
  it('says what a type allows', () => {
    expect(describeDefine(LAMP)).toBe('0-关  1-开');
    expect(describeDefine(TEMPERATURE)).toBe('-40 ~ 85 ℃');
    expect(describeDefine({ type: 'int', max: '9' })).toBe('-∞ ~ 9');
    expect(describeDefine({ type: 'string', max: '64' })).toBe('0 ~ 64');
    expect(describeDefine(POSITION)).toBe('latitude: float, longtitude: float');
    expect(describeDefine({ type: 'array', arrayInfo: POSITION })).toBe(
      '[struct] latitude: float, longtitude: float',
    );
    expect(describeDefine({ type: 'array', arrayInfo: { type: 'timestamp' } })).toBe('[timestamp]');
  });
});

describe('time', () => {
  it('takes seconds and milliseconds, and nothing as never', () => {
    expect(millis(1_700_000_000)).toBe(1_700_000_000_000);
    expect(millis(1_700_000_000_123)).toBe(1_700_000_000_123);
    expect(millis(0)).toBeUndefined();
    expect(formatTime(0)).toBe('—');
    expect(formatTime(undefined)).toBe('—');
  });

  it('pads every part', () => {
    const at = new Date(2026, 0, 2, 3, 4, 5, 6).getTime();
    expect(formatTime(at)).toBe('2026-01-02 03:04:05');
    expect(formatTime(at, true)).toBe('2026-01-02 03:04:05.006');
  });

  it('groups counts', () => {
    expect(formatCount(1234567)).toBe('1,234,567');
    expect(formatCount(999)).toBe('999');
    expect(formatCount(undefined)).toBe('—');
  });
});

describe('pageNumbers', () => {
  it('shows the ends, the neighbours and gaps', () => {
    expect(pageNumbers(1, 1)).toEqual([1]);
    expect(pageNumbers(1, 3)).toEqual([1, 2, 3]);
    expect(pageNumbers(1, 235)).toEqual([1, 2, 3, 4, 5, 0, 235]);
    expect(pageNumbers(100, 235)).toEqual([1, 0, 98, 99, 100, 101, 102, 0, 235]);
    expect(pageNumbers(235, 235)).toEqual([1, 0, 231, 232, 233, 234, 235]);
  });
});
