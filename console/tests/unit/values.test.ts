import { describe, expect, it } from 'vitest';
import { formatValue } from '../../src/thing-model/format';
import type { Define, Property } from '../../src/thing-model/types';
import {
  decimals,
  firstValue,
  fromJson,
  makeParams,
  sameValue,
  wireValue,
} from '../../src/thing-model/values';

const onOff: Define = { type: 'bool', mapping: { '0': '关', '1': '开' } };
const colour: Define = { type: 'enum', mapping: { '0': 'Red', '2': 'Blue' } };
const scene: Define = { type: 'stringenum', mapping: { read: '阅读', sleep: '睡眠' } };
const brightness: Define = { type: 'int', min: '1', max: '100', step: '1', start: '0', unit: '%' };
const target: Define = { type: 'float', min: '16', max: '30', step: '0.5', unit: '℃' };
const name: Define = { type: 'string', min: '1', max: '4' };
const night: Define = {
  type: 'struct',
  specs: [
    { id: 'on', name: '启用', dataType: onOff },
    { id: 'level', name: '亮度', dataType: brightness },
  ],
};
const steps: Define = { type: 'array', arrayInfo: brightness };

const property = (id: string, define: Define): Property => ({ id, name: id, define, mode: 'rw' });

describe('values of the server', () => {
  it('are JSON text: strings lose their quotes, numbers stay numbers', () => {
    expect(fromJson('"客厅"')).toBe('客厅');
    expect(fromJson('"1"')).toBe('1');
    expect(fromJson('23.5')).toBe(23.5);
    expect(fromJson('')).toBeUndefined();
    expect(fromJson(undefined)).toBeUndefined();
    expect(fromJson('not json')).toBe('not json');
  });

  it('are shown by their type', () => {
    expect(formatValue(onOff, fromJson('1'))).toBe('开 (1)');
    expect(formatValue(scene, fromJson('"read"'))).toBe('阅读 (read)');
    expect(formatValue(name, fromJson('"12"'))).toBe('12');
    expect(formatValue(name, fromJson('""'))).toBe('');
    expect(formatValue(steps, fromJson('[10,40]'))).toBe('[10,40]');
    expect(formatValue(brightness, fromJson(''))).toBe('—');
  });
});

describe('first values', () => {
  it('lie in their range and may be sent', () => {
    expect(firstValue(brightness)).toBe(1);
    expect(firstValue(target)).toBe(16);
    expect(firstValue(colour)).toBe(0);
    expect(firstValue(scene)).toBe('read');
    expect(firstValue(night)).toEqual({ on: 0, level: 1 });
    expect(firstValue(steps)).toEqual([]);
  });
});

describe('params of the panel', () => {
  const properties = [property('power', onOff), property('colour', colour), property('name', name)];

  it('have the chosen properties only', () => {
    expect(makeParams(properties, { power: 1 }).json).toBe('{"power":1}');
    expect(makeParams(properties, { power: 1, colour: '2', other: 5 }).json).toBe('{"power":1,"colour":2}');
  });

  it('are not made when a value is wrong, and say which', () => {
    const made = makeParams(properties, { power: 1, colour: 7, name: '' });
    expect(made.json).toBeUndefined();
    expect(made.wrong).toEqual({ colour: 'member', name: 'length' });
    expect(makeParams([property('b', brightness)], { b: undefined }).wrong).toEqual({ b: 'required' });
    expect(makeParams([property('b', brightness)], { b: 101 }).wrong).toEqual({ b: 'range' });
    expect(makeParams([property('s', steps)], { s: [1, 0] }).wrong).toEqual({ s: 'range' });
  });

  it('fill what a struct lacks and count in numbers', () => {
    expect(wireValue(night, { level: '7' })).toEqual({ on: 0, level: 7 });
    expect(makeParams([property('n', night)], { n: { on: 1 } }).json).toBe('{"n":{"on":1,"level":1}}');
    expect(makeParams([property('s', steps)], { s: ['3', 4] }).json).toBe('{"s":[3,4]}');
  });

  it('are the same whatever shape a value came in', () => {
    expect(sameValue(brightness, '5', 5)).toBe(true);
    expect(sameValue(night, { on: 0, level: 1 }, {})).toBe(true);
    expect(sameValue(name, '5', '6')).toBe(false);
  });
});

describe('decimals', () => {
  it.each([
    ['0.5', 1],
    ['0.000001', 6],
    ['1', 0],
    ['1e-3', 3],
    [undefined, 0],
  ])('of step %s are %i', (step, expected) => expect(decimals(step)).toBe(expected));
});
