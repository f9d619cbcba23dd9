// The place where a thing model (物模型) has its types, as its JSON is.

export type DataType =
  'bool' | 'int' | 'float' | 'string' | 'enum' | 'stringenum' | 'timestamp' | 'struct' | 'array';

/** Everything but struct and array. */
export const SIMPLE_TYPES = ['bool', 'int', 'float', 'string', 'enum', 'stringenum', 'timestamp'] as const;
export const DATA_TYPES: readonly DataType[] = [...SIMPLE_TYPES, 'struct', 'array'];
/** What an array may hold. */
export const ELEMENT_TYPES: readonly DataType[] = [...SIMPLE_TYPES, 'struct'];

export interface BoolDefine {
  type: 'bool';
  mapping: Record<string, string>;
}

/** Numbers are texts in a definition. */
export interface NumberDefine {
  type: 'int' | 'float';
  min?: string;
  max?: string;
  start?: string;
  step?: string;
  unit?: string;
}

export interface StringDefine {
  type: 'string';
  min?: string;
  max?: string;
}

export interface EnumDefine {
  type: 'enum' | 'stringenum';
  mapping: Record<string, string>;
}

export interface TimestampDefine {
  type: 'timestamp';
}

export interface StructField {
  id: string;
  name: string;
  desc?: string;
  dataType: Define;
}

export interface StructDefine {
  type: 'struct';
  specs: StructField[];
}

export interface ArrayDefine {
  type: 'array';
  arrayInfo: Define;
}

export type Define =
  BoolDefine | NumberDefine | StringDefine | EnumDefine | TimestampDefine | StructDefine | ArrayDefine;

/** A parameter of an event or an action. */
export interface Param {
  id: string;
  name: string;
  desc?: string;
  define: Define;
}

export interface Property extends Param {
  mode: 'r' | 'rw';
  required?: boolean;
}

export type EventType = 'info' | 'alert' | 'fault';

export interface ModelEvent {
  id: string;
  name: string;
  desc?: string;
  type: EventType;
  required?: boolean;
  params: Param[];
}

export interface Action {
  id: string;
  name: string;
  desc?: string;
  required?: boolean;
  input: Param[];
  output: Param[];
}

export interface Model {
  version: string;
  profile?: Record<string, unknown>;
  properties: Property[];
  events: ModelEvent[];
  actions: Action[];
}

export type FeatureKind = 'property' | 'event' | 'action';

/** Any of the three, with its kind. */
export type Feature =
  | { kind: 'property'; value: Property }
  | { kind: 'event'; value: ModelEvent }
  | { kind: 'action'; value: Action };

const EMPTY: Model = { version: '1.0', properties: [], events: [], actions: [] };

/** The model of a definition's text; an empty one if there is none or it cannot be read. */
export function parseModel(text: string | undefined): Model {
  if (!text) return { ...EMPTY };
  try {
    const read = JSON.parse(text) as Partial<Model> | null;
    if (typeof read !== 'object' || read === null) return { ...EMPTY };
    return {
      ...EMPTY,
      ...read,
      properties: (read.properties ?? []).map(withFields),
      events: (read.events ?? []).map((event) => ({
        ...event,
        params: (event.params ?? []).map(withFields),
      })),
      actions: (read.actions ?? []).map((action) => ({
        ...action,
        input: (action.input ?? []).map(withFields),
        output: (action.output ?? []).map(withFields),
      })),
    };
  } catch {
    return { ...EMPTY };
  }
}

/** Struct fields stand under `dataType`; definitions of older tools say `define`. */
function withFields<P extends Param>(param: P): P {
  return { ...param, define: normal(param.define) };
}

function normal(define: Define): Define {
  if (define.type === 'array') return { ...define, arrayInfo: normal(define.arrayInfo) };
  if (define.type !== 'struct') return define;
  const specs = (define.specs ?? []).map((field) => {
    const { define: older, ...rest } = field as StructField & { define?: Define };
    return { ...rest, dataType: normal(rest.dataType ?? older ?? { type: 'string' }) };
  });
  return { ...define, specs };
}

export function featuresOf(model: Model): Feature[] {
  return [
    ...model.properties.map((value) => ({ kind: 'property' as const, value })),
    ...model.events.map((value) => ({ kind: 'event' as const, value })),
    ...model.actions.map((value) => ({ kind: 'action' as const, value })),
  ];
}

/** The model with a feature put in the place of the one with `oldId`, or at the end. */
export function withFeature(model: Model, feature: Feature, oldId?: string): Model {
  const put = <T extends { id: string }>(list: T[], value: T): T[] =>
    list.some((one) => one.id === oldId)
      ? list.map((one) => (one.id === oldId ? value : one))
      : [...list, value];
  switch (feature.kind) {
    case 'property':
      return { ...model, properties: put(model.properties, feature.value) };
    case 'event':
      return { ...model, events: put(model.events, feature.value) };
    case 'action':
      return { ...model, actions: put(model.actions, feature.value) };
  }
}

export function withoutFeatures(model: Model, ids: ReadonlySet<string>): Model {
  const keep = <T extends { id: string }>(list: T[]) => list.filter((one) => !ids.has(one.id));
  return {
    ...model,
    properties: keep(model.properties),
    events: keep(model.events),
    actions: keep(model.actions),
  };
}
