// The place where values of the control panel become what is sent: first values, wire values, params as JSON text.
import { readValue } from './format';
import type { Define, NumberDefine, Param } from './types';
import { checkValue, type Wrong } from './validate';

/** A value that the server gave as JSON text; '' is none. */
export function fromJson(text: string | undefined): unknown {
  if (!text) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** What a control shows before anybody chose something: always a value that may be sent. */
export function firstValue(define: Define): unknown {
  switch (define.type) {
    case 'bool':
      return 0;
    case 'enum':
      return Number(Object.keys(define.mapping)[0] ?? 0);
    case 'stringenum':
      return Object.keys(define.mapping)[0] ?? '';
    case 'int':
    case 'float':
      return firstNumber(define);
    case 'string':
      return '';
    case 'timestamp':
      return Math.floor(Date.now() / 1000);
    case 'struct':
      return Object.fromEntries(define.specs.map((field) => [field.id, firstValue(field.dataType)]));
    case 'array':
      return [];
  }
}

function firstNumber({ start, min, max }: NumberDefine): number {
  const low = min ? Number(min) : -Infinity;
  const high = max ? Number(max) : Infinity;
  const begin = start ? Number(start) : 0;
  return Math.min(Math.max(begin, low), high);
}

/** The value in the wire's shape: numbers as numbers, missing fields of a struct filled in. */
export function wireValue(define: Define, given: unknown): unknown {
  const value = readValue(define, given);
  switch (define.type) {
    case 'struct': {
      const fields = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
      return Object.fromEntries(
        define.specs.map(({ id, dataType }) => [id, wireValue(dataType, fields[id] ?? firstValue(dataType))]),
      );
    }
    case 'array':
      return Array.isArray(value) ? value.map((one) => wireValue(define.arrayInfo, one)) : value;
    default:
      return value;
  }
}

export interface Made {
  /** The `Data` or `InputParams` of a call; absent if something is wrong. */
  json?: string;
  /** What is wrong, by the id of its property or parameter. */
  wrong: Record<string, Wrong>;
}

/** The params of a control or a call from chosen values; those in `values` only. */
export function makeParams(params: readonly Param[], values: Readonly<Record<string, unknown>>): Made {
  const chosen = params.filter((param) => Object.hasOwn(values, param.id));
  const made: Record<string, unknown> = {};
  const wrong: Record<string, Wrong> = {};
  for (const { id, define } of chosen) {
    const value = wireValue(define, values[id]);
    const mistake = checkValue(define, value);
    if (mistake) wrong[id] = mistake;
    else made[id] = value;
  }
  return Object.keys(wrong).length === 0 ? { json: JSON.stringify(made), wrong } : { wrong };
}

/** Whether two values of a type are the same on the wire. */
export function sameValue(define: Define, one: unknown, other: unknown): boolean {
  return JSON.stringify(wireValue(define, one)) === JSON.stringify(wireValue(define, other));
}

/** Digits after the point that a step has: 0.05 -> 2. */
export function decimals(step: string | undefined): number {
  const [mantissa = '', exponent = '0'] = (step || '0').toLowerCase().split('e');
  const places = (mantissa.split('.')[1]?.length ?? 0) - Number(exponent);
  return Math.min(Math.max(places, 0), 12);
}
