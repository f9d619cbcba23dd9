import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { shownValue, wasSent } from '../../src/chapters/device/shown';
import { csvCell, csvOf, lineOf, pointsOf } from '../../src/chapters/device/history';
import { addLines, filterLines, LINES, NO_LINES, textOf } from '../../src/chapters/device/messages';
import { payloadProblem } from '../../src/chapters/device/payload';
import { downTopics, shortTopic, topicsOf } from '../../src/chapters/device/topics';
import { merge } from '../../src/chapters/device/properties';
import { en } from '../../src/i18n/en';
import { zh } from '../../src/i18n/zh';

const message = (n: number, Direction = 'up') => ({
  Time: 1_795_600_000_000 + n,
  Direction,
  Topic: `$thing/${Direction}/property/P/d`,
  Payload: `{"method":"report","params":{"n":${n}}}`,
});

describe('communication log', () => {
  it('keeps the newest lines only, each with a number of its own', () => {
    const many = Array.from({ length: LINES + 20 }, (_, n) => message(n));
    const lines = addLines(addLines(NO_LINES, many), [message(9999)]);
    expect(lines.list).toHaveLength(LINES);
    expect(lines.list.at(-1)?.Payload).toContain('9999');
    expect(new Set(lines.list.map((line) => line.n)).size).toBe(LINES);
    expect(lines.next).toBe(LINES + 22);
  });

  it('knows the method of a message and survives what is no JSON', () => {
    const bad = { ...message(1), Payload: '{oops' };
    const { list } = addLines(NO_LINES, [message(0), bad, { ...bad, Payload: '[1]' }]);
    expect(list.map((line) => line.method)).toEqual(['report', undefined, undefined]);
  });

  it('filters by direction and text, and is copied as lines', () => {
    const { list } = addLines(NO_LINES, [message(1), message(2, 'down'), message(3)]);
    expect(filterLines(list, 'down', '')).toHaveLength(1);
    expect(filterLines(list, 'all', '"N":3')).toHaveLength(1);
    expect(textOf(filterLines(list, 'down', ''), () => 'T')).toBe(
      'T ↓ $thing/down/property/P/d {"method":"report","params":{"n":2}}',
    );
  });

  it('remembers that something was lost', () => {
    expect(addLines(addLines(NO_LINES, [], true), [message(1)]).lost).toBe(true);
  });
});

describe('history', () => {
  const points = pointsOf([
    { Time: '1795600000000', Value: '220.5' },
    { Time: '1795600001000', Value: 'broken' },
  ]);

  it('makes a line of what has a number', () => {
    expect(lineOf({ type: 'float' }, points)).toEqual([[1_795_600_000_000, 220.5]]);
    expect(lineOf({ type: 'string' }, points)).toEqual([]);
  });

  it('quotes cells and tames formulas, not numbers', () => {
    expect(csvCell('a,"b"')).toBe('"a,""b"""');
    expect(csvCell('=1+1')).toBe("'=1+1");
    expect(csvCell('-5.5')).toBe('-5.5');
    expect(csvCell('客厅')).toBe('客厅');
  });

  it('is a file with a head and one row per point', () => {
    const rows = csvOf(['time', 'timestamp', 'v', '电压'], { type: 'float', unit: 'V' }, points).split(
      '\r\n',
    );
    expect(rows[0]).toBe('\uFEFFtime,timestamp,v,电压');
    expect(rows[1]).toMatch(/^2026-\d\d-\d\d \d\d:\d\d:\d\d\.000,1795600000000,220\.5,220\.5 V$/);
    expect(rows).toHaveLength(4);
  });
});

describe('latest values', () => {
  it('count changes, not repetitions', () => {
    const first = merge(new Map(), [{ Id: 'v', Value: '1', ChangeTime: 5, ReportTime: 5 }]);
    const same = merge(first, [{ Id: 'v', Value: '1', ChangeTime: 5, ReportTime: 9 }]);
    const other = merge(same, [{ Id: 'v', Value: '2', ChangeTime: 12, ReportTime: 12 }]);
    expect([first, same, other].map((one) => one.get('v')?.changes)).toEqual([0, 0, 1]);
    expect(same.get('v')?.reported).toBe(9);
    expect(first.get('v')?.reported).toBe(5);
  });

  it('stand back behind what is wanted', () => {
    const property = { id: 'b', name: 'b', mode: 'rw', define: { type: 'int', min: '3' } } as const;
    const known = { id: 'b', value: '5', desired: '7', changed: 0, reported: 0, changes: 0 };
    expect(shownValue(property, known)).toBe(7);
    expect(shownValue(property, { ...known, desired: '' })).toBe(5);
    expect(shownValue(property, undefined)).toBe(3);
  });
});

describe('ControlDeviceData', () => {
  it('says whether the message went out', () => {
    expect(wasSent('{"Sent":1,"pushResult":0}')).toBe(true);
    expect(wasSent('{"Sent":0,"pushResult":23101}')).toBe(false);
    expect(wasSent(undefined)).toBe(false);
  });
});

describe('topics of a device', () => {
  it('are exact', () => {
    for (const kind of ['property', 'system', 'custom'] as const) {
      for (const { topic } of topicsOf(kind, 'PID', 'lamp', true)) {
        expect(topic).toContain('lamp');
        expect(topic).not.toMatch(/[+#]|\$\{/);
      }
    }
    expect(topicsOf('event', 'PID', 'lamp', false).map((row) => row.topic)).toEqual([
      '$thing/up/event/PID/lamp',
      '$thing/down/event/PID/lamp',
    ]);
  });

  it('to publish to are those that the device may subscribe to', () => {
    const topics = downTopics('PID', 'lamp', false, true).map((row) => row.topic);
    expect(topics).toContain('PID/lamp/control');
    expect(topics).toContain('PID/lamp/data');
    expect(topics).not.toContain('PID/lamp/event');
    expect(downTopics('PID', 'lamp', false, false).map((row) => row.topic)).not.toContain('PID/lamp/control');
  });

  it('are shown without what they share', () => {
    expect(shortTopic('$thing/up/property/PID/lamp', 'PID', 'lamp')).toBe('$thing/up/property');
    expect(shortTopic('PID/lamp/control', 'PID', 'lamp')).toBe('…/control');
    expect(shortTopic('$rrpc/rxd/PID/lamp/17', 'PID', 'lamp')).toBe('$rrpc/rxd/…/17');
  });
});

describe('a payload', () => {
  it('is checked before it is sent', () => {
    expect(payloadProblem('', 'text')).toBe('payloadEmpty');
    expect(payloadProblem('{"a":1}', 'text')).toBeUndefined();
    expect(payloadProblem('AQID', 'base64')).toBeUndefined();
    expect(payloadProblem('AQI', 'base64')).toBe('payloadNotBase64');
    expect(payloadProblem('温'.repeat(21_846), 'text')).toBe('payloadLong');
    expect(payloadProblem('A'.repeat(87_380), 'base64')).toBeUndefined();
    expect(payloadProblem('A'.repeat(87_384), 'base64')).toBe('payloadLong');
  });
});

describe('diagnosis codes', () => {
  const source = new URL('../../../crates/platform/src/log/diagnosis.rs', import.meta.url);
  const written = [...readFileSync(source, 'utf8').matchAll(/=> "(\w+_\w+)",/g)].map(
    (found) => found[1] ?? '',
  );

  it('that the server writes all have a meaning in both languages', () => {
    expect(written.length).toBeGreaterThan(8);
    for (const code of written) {
      expect(zh.diagnosis).toHaveProperty(code);
      expect(en.diagnosis).toHaveProperty(code);
    }
  });

  it('of the manual are all there', () => {
    // 34 of the manual, spelled as there, and one of ours.
    expect(Object.keys(zh.diagnosis)).toHaveLength(35);
  });
});
