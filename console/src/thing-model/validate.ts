// The place where values and definitions are checked before they are sent. Mistakes are keys of `model.wrong`.
import {
  ENUM_MEMBERS,
  FEATURE_NAME_CHARS,
  IDENTIFIER,
  PARAMS,
  STRING_LENGTH,
  STRING_LENGTH_USUAL,
} from '../limits';
import { readValue } from './format';
import type { Define, Feature, NumberDefine, Param } from './types';

export type Wrong =
  | 'required'
  | 'identifier'
  | 'identifierTaken'
  | 'nameLong'
  | 'number'
  | 'integer'
  | 'range'
  | 'crossed'
  | 'step'
  | 'start'
  | 'length'
  | 'boolTexts'
  | 'enumEmpty'
  | 'enumKey'
  | 'enumMany'
  | 'enumText'
  | 'fields'
  | 'params'
  | 'member'
  | 'shape'
  | 'time';

/** A mistake and where it is: `define.max`, `params[2].id`. */
export interface Mistake {
  path: string;
  wrong: Wrong;
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const WHOLE = /^[+-]?\d+$/;

/** A number of a definition; `undefined` if it is left out, NaN if it is none. */
function figure(text: string | undefined, whole: boolean): number | undefined {
  if (text === undefined || text === '') return undefined;
  return (whole ? WHOLE : DECIMAL).test(text) && Number.isFinite(Number(text)) ? Number(text) : NaN;
}

function checkNumber(define: NumberDefine): Mistake[] {
  const whole = define.type === 'int';
  const wrong: Wrong = whole ? 'integer' : 'number';
  const [min, max, step, start] = [define.min, define.max, define.step, define.start].map((text) =>
    figure(text, whole),
  );
  const mistakes: Mistake[] = [];
  const add = (path: string, what: Wrong) => mistakes.push({ path, wrong: what });
  if (Number.isNaN(min)) add('min', wrong);
  if (Number.isNaN(max)) add('max', wrong);
  if (min !== undefined && max !== undefined && min > max) add('max', 'crossed');
  if (step !== undefined && !(step > 0)) add('step', 'step');
  if (start !== undefined && !(start >= (min ?? -Infinity) && start <= (max ?? Infinity)))
    add('start', 'start');
  return mistakes;
}

function checkMapping(mapping: Record<string, string> | undefined, whole: boolean): Mistake[] {
  const entries = Object.entries(mapping ?? {});
  if (entries.length === 0) return [{ path: 'mapping', wrong: 'enumEmpty' }];
  if (entries.length > ENUM_MEMBERS) return [{ path: 'mapping', wrong: 'enumMany' }];
  if (entries.some(([key]) => (whole ? !WHOLE.test(key) : key === '')))
    return [{ path: 'mapping', wrong: 'enumKey' }];
  if (entries.some(([, text]) => text.trim() === '')) return [{ path: 'mapping', wrong: 'enumText' }];
  return [];
}

function under(prefix: string, mistakes: Mistake[]): Mistake[] {
  return mistakes.map(({ path, wrong }) => ({ path: path ? `${prefix}.${path}` : prefix, wrong }));
}

/** What is wrong with the type of a property, a parameter or a field. */
export function checkDefine(define: Define): Mistake[] {
  switch (define.type) {
    case 'bool': {
      const fine = ['0', '1'].every((key) => define.mapping?.[key]?.trim());
      return fine ? [] : [{ path: 'mapping', wrong: 'boolTexts' }];
    }
    case 'int':
    case 'float':
      return checkNumber(define);
    case 'string': {
      const max = figure(define.max, true);
      const fine = max === undefined || (max >= 1 && max <= STRING_LENGTH && max >= Number(define.min || 0));
      return fine ? [] : [{ path: 'max', wrong: 'length' }];
    }
    case 'enum':
      return checkMapping(define.mapping, true);
    case 'stringenum':
      return checkMapping(define.mapping, false);
    case 'timestamp':
      return [];
    case 'struct':
      return checkFields(define.specs.map((field) => ({ ...field, define: field.dataType })));
    case 'array':
      return under('arrayInfo', checkDefine(define.arrayInfo));
  }
}

function checkFields(fields: Param[]): Mistake[] {
  if (fields.length === 0) return [{ path: 'specs', wrong: 'fields' }];
  return checkParams(fields, 'specs');
}

function checkName(id: string, name: string, taken: ReadonlySet<string>): Mistake[] {
  const mistakes: Mistake[] = [];
  if (!IDENTIFIER.test(id)) mistakes.push({ path: 'id', wrong: id ? 'identifier' : 'required' });
  else if (taken.has(id)) mistakes.push({ path: 'id', wrong: 'identifierTaken' });
  if (!name.trim()) mistakes.push({ path: 'name', wrong: 'required' });
  else if ([...name].length > FEATURE_NAME_CHARS) mistakes.push({ path: 'name', wrong: 'nameLong' });
  return mistakes;
}

/** What is wrong with a list of parameters. */
export function checkParams(params: Param[], path: string): Mistake[] {
  if (params.length > PARAMS) return [{ path, wrong: 'params' }];
  return params.flatMap((param, n) => {
    const others = new Set(params.filter((_, m) => m < n).map((other) => other.id));
    const mistakes = [
      ...checkName(param.id, param.name, others),
      ...under('define', checkDefine(param.define)),
    ];
    return under(`${path}[${n}]`, mistakes);
  });
}

/** What is wrong with a feature; `taken` are the identifiers of the others. */
export function checkFeature(feature: Feature, taken: ReadonlySet<string>): Mistake[] {
  const head = checkName(feature.value.id, feature.value.name, taken);
  switch (feature.kind) {
    case 'property':
      return [...head, ...under('define', checkDefine(feature.value.define))];
    case 'event':
      return [...head, ...checkParams(feature.value.params, 'params')];
    case 'action':
      return [
        ...head,
        ...checkParams(feature.value.input, 'input'),
        ...checkParams(feature.value.output, 'output'),
      ];
  }
}

/** What is wrong with a value that shall be sent to a device, or nothing. */
export function checkValue(define: Define, wire: unknown): Wrong | undefined {
  const value = readValue(define, wire);
  if (value === undefined) return 'required';
  switch (define.type) {
    case 'bool':
      return value === 0 || value === 1 ? undefined : 'member';
    case 'enum':
    case 'stringenum':
      return Object.hasOwn(define.mapping, String(value)) ? undefined : 'member';
    case 'int':
    case 'float':
      return checkNumberValue(define, value);
    case 'string': {
      const length = [...String(value)].length;
      const max = Number(define.max || STRING_LENGTH_USUAL);
      return length >= Number(define.min || 0) && length <= max ? undefined : 'length';
    }
    case 'timestamp':
      return Number.isInteger(value) && (value as number) >= 0 ? undefined : 'time';
    case 'struct': {
      if (typeof value !== 'object' || Array.isArray(value) || value === null) return 'shape';
      const given = value as Record<string, unknown>;
      const present = define.specs.filter((field) => given[field.id] !== undefined);
      return first(present.map((field) => checkValue(field.dataType, given[field.id])));
    }
    case 'array':
      return Array.isArray(value) ? first(value.map((one) => checkValue(define.arrayInfo, one))) : 'shape';
  }
}

function checkNumberValue(define: NumberDefine, value: unknown): Wrong | undefined {
  if (typeof value !== 'number') return 'number';
  if (define.type === 'int' && !Number.isInteger(value)) return 'integer';
  const min = define.min ? Number(define.min) : -Infinity;
  const max = define.max ? Number(define.max) : Infinity;
  return value >= min && value <= max ? undefined : 'range';
}

function first(mistakes: (Wrong | undefined)[]): Wrong | undefined {
  return mistakes.find((one) => one !== undefined);
}
