// The place where a definition is being edited: all inputs of all types at once, so that a change of type loses nothing.
import type {
  ArrayDefine,
  DataType,
  Define,
  EventType,
  Feature,
  FeatureKind,
  Param,
  StructField,
} from './types';

export interface DefineDraft {
  type: DataType;
  min: string;
  max: string;
  start: string;
  step: string;
  unit: string;
  length: string;
  off: string;
  on: string;
  members: { key: string; text: string }[];
  fields: ParamDraft[];
  /** What an array holds. */
  element?: DefineDraft;
}

export interface ParamDraft {
  /** Keeps a row apart from its neighbours while ids are typed. */
  row: number;
  id: string;
  name: string;
  /** Kept as it came. */
  desc?: string;
  define: DefineDraft;
}

export interface FeatureDraft {
  kind: FeatureKind;
  id: string;
  name: string;
  desc: string;
  required: boolean;
  mode: 'r' | 'rw';
  eventType: EventType;
  define: DefineDraft;
  params: ParamDraft[];
  input: ParamDraft[];
  output: ParamDraft[];
}

let rows = 0;

export function newParam(define: DefineDraft): ParamDraft {
  return { row: ++rows, id: '', name: '', define };
}

/** The words that a new boolean starts with. */
export interface Switch {
  on: string;
  off: string;
}

export function newDefine(type: DataType, words: Switch): DefineDraft {
  return {
    type,
    min: '0',
    max: '100',
    start: '0',
    step: '1',
    unit: '',
    length: '2048',
    off: words.off,
    on: words.on,
    members: [{ key: '0', text: '' }],
    fields: [],
  };
}

export function newFeature(words: Switch): FeatureDraft {
  return {
    kind: 'property',
    id: '',
    name: '',
    desc: '',
    required: false,
    mode: 'rw',
    eventType: 'info',
    define: newDefine('bool', words),
    params: [],
    input: [],
    output: [],
  };
}

export function draftOf(define: Define, words: Switch): DefineDraft {
  const draft = newDefine(define.type, words);
  switch (define.type) {
    case 'bool':
      return { ...draft, off: define.mapping?.['0'] ?? '', on: define.mapping?.['1'] ?? '' };
    case 'int':
    case 'float': {
      const { min = '', max = '', start = '', step = '', unit = '' } = define;
      return { ...draft, min: String(min), max: String(max), start: String(start), step: String(step), unit };
    }
    case 'string':
      return { ...draft, min: String(define.min ?? '0'), length: String(define.max ?? '') };
    case 'enum':
    case 'stringenum':
      return {
        ...draft,
        members: Object.entries(define.mapping ?? {}).map(([key, text]) => ({ key, text })),
      };
    case 'timestamp':
      return draft;
    case 'struct': {
      const params = define.specs.map(({ dataType, ...rest }) => ({ ...rest, define: dataType }));
      return { ...draft, fields: params.map((param) => paramDraft(param, words)) };
    }
    case 'array':
      return { ...draft, element: draftOf(define.arrayInfo, words) };
  }
}

function paramDraft(param: Param, words: Switch): ParamDraft {
  const { id, name, desc } = param;
  return { row: ++rows, id, name, desc, define: draftOf(param.define, words) };
}

export function featureDraft(feature: Feature, words: Switch): FeatureDraft {
  const { id, name, desc = '', required = false } = feature.value;
  const draft = { ...newFeature(words), kind: feature.kind, id, name, desc, required };
  const drafts = (params: Param[]) => params.map((param) => paramDraft(param, words));
  switch (feature.kind) {
    case 'property':
      return { ...draft, mode: feature.value.mode, define: draftOf(feature.value.define, words) };
    case 'event':
      return { ...draft, eventType: feature.value.type, params: drafts(feature.value.params) };
    case 'action':
      return { ...draft, input: drafts(feature.value.input), output: drafts(feature.value.output) };
  }
}

/** Numbers that are left out are left out of the definition, too. */
function given<T extends Record<string, string>>(texts: T): Partial<T> {
  const entries = Object.entries(texts).filter(([, text]) => text.trim() !== '');
  return Object.fromEntries(entries.map(([key, text]) => [key, text.trim()])) as Partial<T>;
}

/** A value that is used twice becomes an empty one, which no check lets pass. */
function mapping(members: { key: string; text: string }[]): Record<string, string> {
  const made: Record<string, string> = {};
  for (const { key, text } of members) {
    const trimmed = key.trim();
    made[Object.hasOwn(made, trimmed) ? '' : trimmed] = text.trim();
  }
  return made;
}

export function defineOf(draft: DefineDraft): Define {
  switch (draft.type) {
    case 'bool':
      return { type: 'bool', mapping: { '0': draft.off.trim(), '1': draft.on.trim() } };
    case 'int':
    case 'float': {
      const { min, max, start, step } = draft;
      return { type: draft.type, ...given({ min, max, start, step }), unit: draft.unit.trim() };
    }
    case 'string':
      return { type: 'string', min: '0', ...given({ max: draft.length }) };
    case 'enum':
    case 'stringenum':
      return { type: draft.type, mapping: mapping(draft.members) };
    case 'timestamp':
      return { type: 'timestamp' };
    case 'struct':
      return { type: 'struct', specs: draft.fields.map(fieldOf) };
    case 'array':
      return arrayOf(draft);
  }
}

function arrayOf(draft: DefineDraft): ArrayDefine {
  return {
    type: 'array',
    arrayInfo: draft.element ? defineOf(draft.element) : { type: 'string', min: '0', max: '2048' },
  };
}

function fieldOf(param: ParamDraft): StructField {
  const { define, ...rest } = paramOf(param);
  return { ...rest, dataType: define };
}

function paramOf({ id, name, desc, define }: ParamDraft): Param {
  const head = { id: id.trim(), name: name.trim() };
  return desc === undefined
    ? { ...head, define: defineOf(define) }
    : { ...head, desc, define: defineOf(define) };
}

export function featureOf(draft: FeatureDraft): Feature {
  const head = {
    id: draft.id.trim(),
    name: draft.name.trim(),
    desc: draft.desc.trim(),
    required: draft.required,
  };
  switch (draft.kind) {
    case 'property':
      return { kind: 'property', value: { ...head, mode: draft.mode, define: defineOf(draft.define) } };
    case 'event':
      return { kind: 'event', value: { ...head, type: draft.eventType, params: draft.params.map(paramOf) } };
    case 'action':
      return {
        kind: 'action',
        value: { ...head, input: draft.input.map(paramOf), output: draft.output.map(paramOf) },
      };
  }
}
