// The place where values of a device become text, by the type that the model gives them.
import { formatTime, millis, NONE } from '../kit/time';
import type { Define, Param } from './types';

/** What a wire value (a number, a text, or JSON as text) is. */
export function readValue(define: Define, wire: unknown): unknown {
  if (wire === undefined || wire === null || wire === '')
    return wire === '' && define.type === 'string' ? '' : undefined;
  if (define.type === 'struct' || define.type === 'array')
    return typeof wire === 'string' ? parse(wire) : wire;
  if (define.type === 'string' || define.type === 'stringenum')
    return typeof wire === 'string' ? wire : String(wire);
  if (typeof wire === 'boolean') return wire ? 1 : 0;
  const n = Number(wire);
  return Number.isFinite(n) ? n : wire;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** One line for people: `开 (1)`, `23.5 ℃`, `2026-11-23 08:12:51`. */
export function formatValue(define: Define, wire: unknown): string {
  const value = readValue(define, wire);
  if (value === undefined) return NONE;
  switch (define.type) {
    case 'bool':
    case 'enum':
    case 'stringenum': {
      const text = define.mapping?.[String(value)];
      return text ? `${text} (${String(value)})` : String(value);
    }
    case 'int':
    case 'float':
      return define.unit ? `${String(value)} ${define.unit}` : String(value);
    case 'timestamp':
      return typeof value === 'number' && millis(value) ? formatTime(value) : String(value);
    case 'struct':
    case 'array':
      return typeof value === 'string' ? value : JSON.stringify(value);
    case 'string':
      return String(value);
  }
}

/** The number behind a value, for charts; `undefined` where there is none. */
export function numericValue(define: Define, wire: unknown): number | undefined {
  if (!isNumeric(define)) return undefined;
  const value = readValue(define, wire);
  return typeof value === 'number' ? value : undefined;
}

/** Whether its values make a line. */
export function isNumeric(define: Define): boolean {
  return ['int', 'float', 'bool', 'enum'].includes(define.type);
}

/** Lines that jump instead of sloping. */
export function isStepped(define: Define): boolean {
  return define.type === 'bool' || define.type === 'enum';
}

/** The column 数据定义: `0 ~ 100 %`, `0-关 1-开`, the fields of a struct. */
export function describeDefine(define: Define): string {
  switch (define.type) {
    case 'bool':
    case 'enum':
    case 'stringenum':
      return Object.entries(define.mapping ?? {})
        .map(([value, text]) => `${value}-${text}`)
        .join('  ');
    case 'int':
    case 'float': {
      const bounds = define.min || define.max ? `${define.min || '-∞'} ~ ${define.max || '∞'}` : '';
      return [bounds, define.unit].filter(Boolean).join(' ');
    }
    case 'string':
      return `${define.min || '0'} ~ ${define.max || '2048'}`;
    case 'timestamp':
      return '';
    case 'struct':
      return (define.specs ?? []).map((field) => `${field.id}: ${field.dataType.type}`).join(', ');
    case 'array': {
      const inner = describeDefine(define.arrayInfo);
      return inner ? `[${define.arrayInfo.type}] ${inner}` : `[${define.arrayInfo.type}]`;
    }
  }
}

/** Parameters in one line: `order_id: string, code: int`. */
export function describeParams(params: Param[]): string {
  return params.map((param) => `${param.id}: ${param.define.type}`).join(', ');
}
